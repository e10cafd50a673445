// SPDX-License-Identifier: Apache-2.0
#include "porchlight/api/attack_watch.hpp"

#include <utility>

#include "api/throttle.hpp"

namespace porchlight::api {
namespace {

using namespace std::chrono_literals;
using http::Rejection;

constexpr auto pause = 1min;

// The label of security_events_total; empty: no attack.
std::string_view event_type(Rejection reason) {
  switch (reason) {
    case Rejection::malformed:
    case Rejection::too_large:
      return "malformed_request";
    case Rejection::injection_suspected:
    case Rejection::path_traversal:
      return "injection_attempt";
    case Rejection::rate_limited:
      return "unauthorized_access";
    case Rejection::bad_content_type:
    case Rejection::timeout:
      break;
  }
  return {};
}

}  // namespace

AttackWatch::AttackWatch(const Clock& clock, telemetry::Metrics& metrics, AuditSink audit)
    : clock_(clock), audit_(std::move(audit)) {
  for (std::size_t i = 0; i < counters_.size(); ++i) {
    const std::string type(event_type(static_cast<Rejection>(i)));
    if (!type.empty())
      counters_[i] = metrics.counter("security_events_total",
                                     {{"event_type", type}, {"source", "api"}, {"action_taken", "blocked"}});
  }
}

void AttackWatch::note(Rejection reason, const http::Peer& peer, std::string_view detail) {
  if (event_type(reason).empty()) return;
  counters_[static_cast<std::size_t>(reason)].increment();
  const auto unsaid = turn_of(std::string(to_string(reason)) + ' ' + throttle_key(peer.address));
  if (unsaid) record(reason, peer, detail, *unsaid);
}

std::optional<std::uint64_t> AttackWatch::turn_of(const std::string& key) {
  const std::lock_guard lock(mutex_);
  auto* seen = seen_of(key);
  if (seen == nullptr) return std::nullopt;
  if (may_record(*seen)) return std::exchange(seen->unsaid, 0);
  ++seen->unsaid;
  return std::nullopt;
}

// Null when so many attack at once that there is no room to remember one more.
AttackWatch::Seen* AttackWatch::seen_of(const std::string& key) {
  if (seen_.size() >= remembered && !seen_.contains(key)) forget_old();
  return seen_.size() < remembered || seen_.contains(key) ? &seen_[key] : nullptr;
}

bool AttackWatch::may_record(Seen& seen) {
  const auto now = clock_.now();
  if (now >= minute_ends_) {
    minute_ends_ = now + pause;
    records_ = 0;
  }
  if (now < seen.next || records_ >= records_a_minute) return false;
  ++records_;
  seen.next = now + pause;
  return true;
}

void AttackWatch::forget_old() {
  std::erase_if(seen_, [now = clock_.now()](const auto& entry) { return now >= entry.second.next; });
}

void AttackWatch::record(Rejection reason, const http::Peer& peer, std::string_view detail,
                         std::uint64_t more) {
  const std::string type(event_type(reason));
  const std::string kind(to_string(reason));
  log_.warning("an attack was refused", {{"event_type", type},
                                         {"reason", kind},
                                         {"detail", std::string(detail)},
                                         {"ip_address", peer.address},
                                         {"more", static_cast<std::int64_t>(more)}});
  auto description = kind + ": " + std::string(detail);
  if (more > 0) description += "; " + std::to_string(more) + " more like it since the last record";
  (void)audit_({.kind = AuditRecord::Kind::security_event,
                .ip_address = peer.address,
                .event_type = type,
                .description = std::move(description)});
}

}  // namespace porchlight::api
