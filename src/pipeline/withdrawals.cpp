// SPDX-License-Identifier: Apache-2.0
// Escalations that nobody needs any more: somebody has answered, or what made them is over.
#include <algorithm>
#include <chrono>
#include <utility>

#include "pipeline/store_open.hpp"
#include "porchlight/notify/escalation.hpp"

namespace porchlight::pipeline {
namespace {

using namespace std::chrono_literals;
// A database that would not say what escalates is asked again no more often than this.
constexpr auto ending_pause = 1s;
constexpr std::size_t most_unended = 256;
// Lanes take a withdrawal at once unless an attempt is under way; what they cannot take is offered again.
constexpr std::size_t most_untold = 1024;

}  // namespace

// Whatever the rules say of the end itself, nobody is called any more because of the beginning.
void StoreLane::note_end(const event::Event& event, Held held) {
  const auto ended = notify::ended_by(event);
  if (!ended) return;
  if (held == Held::searched)
    for (const auto& id : held_.escalating(*ended)) (void)withdraw_escalations(id);
  if (!open_ || end_stored(*ended)) return;
  // A later end of the same is the end of what came before the earlier, too.
  std::erase_if(unended_, [&](const auto& earlier) { return earlier.first == *ended; });
  unended_.emplace_back(*ended, event::header_of(event).id);
  if (unended_.size() > most_unended) unended_.pop_front();
  next_ending_ = clock_.now() + ending_pause;
}

// False: to be tried again, and by then with `end`: what has begun anew since that is not over. Ids sort by
// time.
bool StoreLane::end_stored(const notify::Ended& ended, const std::optional<event::EventId>& end) {
  const auto stored = open_->outbox.escalating(ended.type, ended.member, ended.value);
  if (!stored) {
    failed("an escalation of what is over may still be in the outbox", stored.error());
    return false;
  }
  bool whole = true;
  for (const auto& id : *stored)
    if ((!end || id <= *end) && !withdraw_escalations(id)) whole = false;
  return whole;
}

void StoreLane::end_again() {
  next_ending_ = clock_.now() + ending_pause;
  while (!unended_.empty()) {
    auto first = std::move(unended_.front());
    unended_.pop_front();
    if (end_stored(first.first, first.second)) continue;
    unended_.push_back(std::move(first));  // behind those that may succeed
    return;
  }
}

// The lanes are told whatever the database says: they hold what it may not have yet.
Result<std::size_t> StoreLane::withdraw_escalations(const event::EventId& id) {
  const auto withdrawn = cancel_rows(id);
  take_routing();
  for (const auto& [channel, lane] : routing_->lanes)
    if (!lane->withdraw(id)) untold_.emplace_back(channel, id);
  while (untold_.size() > most_untold) untold_.pop_front();
  if (!withdrawn) failed("a withdrawn message is still in the outbox", withdrawn.error());
  return withdrawn;
}

Result<std::size_t> StoreLane::cancel_rows(const event::EventId& id) {
  if (const auto held = held_.withdraw(id, clock_.wall())) return *held;
  if (!open_) return Error(ErrorCode::unavailable, "the event log is not open");
  const auto cancelled = open_->outbox.cancel_escalations(id, clock_.wall());
  if (!cancelled) return cancelled.error();
  for (const auto& key : *cancelled)
    timeline_.note_delivery(key, store::DeliveryState::cancelled, 0, std::nullopt);
  sinks_.rings(timeline_.snapshot());
  return cancelled->size();
}

void StoreLane::tell_withdrawals() {
  for (auto left = untold_.size(); left > 0; --left) {
    auto [channel, id] = std::move(untold_.front());
    untold_.pop_front();
    const auto lane = routing_->lanes.find(channel);
    if (lane != routing_->lanes.end() && !lane->second->withdraw(id)) untold_.emplace_back(channel, id);
  }
}

}  // namespace porchlight::pipeline
