// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "porchlight/api/accounts.hpp"
#include "porchlight/base/clock.hpp"
#include "porchlight/http/message.hpp"
#include "porchlight/http/rejection.hpp"
#include "porchlight/telemetry/log.hpp"
#include "porchlight/telemetry/metrics.hpp"

namespace porchlight::api {

// What the listener refused before a handler ran, as security events. All are counted; recorded in the
// audit trail and the log is one for each address and kind in a minute, and no more than
// `records_a_minute` of all together, so that an attack fills neither. What a slow line or a wrong content
// type does is no attack. Any thread; never waits.
class AttackWatch {
 public:
  static constexpr std::uint32_t records_a_minute = 60;
  static constexpr std::size_t remembered = 1024;  // addresses and kinds

  AttackWatch(const Clock& clock, telemetry::Metrics& metrics, AuditSink audit);
  void note(http::Rejection reason, const http::Peer& peer, std::string_view detail);

 private:
  struct Seen {
    MonotonicTime next{};      // when the next one may be recorded
    std::uint64_t unsaid = 0;  // counted since the last record
  };
  // How many were not recorded since the last one that was; nothing: nor is this one.
  std::optional<std::uint64_t> turn_of(const std::string& key);
  Seen* seen_of(const std::string& key);
  bool may_record(Seen& seen);
  void forget_old();
  void record(http::Rejection reason, const http::Peer& peer, std::string_view detail, std::uint64_t more);

  const Clock& clock_;
  const AuditSink audit_;
  const telemetry::Logger log_{"doorbell.api", telemetry::Component::api};
  std::array<telemetry::Counter, http::rejection_words.size()> counters_;  // an empty one is not counted
  // any thread, under the mutex
  std::mutex mutex_;
  std::unordered_map<std::string, Seen> seen_;
  MonotonicTime minute_ends_{};
  std::uint32_t records_ = 0;  // in this minute
};

}  // namespace porchlight::api
