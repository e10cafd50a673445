// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <chrono>
#include <string>
#include <string_view>

#include "porchlight/base/clock.hpp"
#include "porchlight/base/result.hpp"
#include "porchlight/notify/channel.hpp"
#include "porchlight/telemetry/metrics.hpp"

namespace porchlight::notify {

// The handles of one lane, resolved once.
class LaneInstruments {
 public:
  LaneInstruments(telemetry::Metrics& metrics, const std::string& channel_type);

  void attempted(const Message& message, std::chrono::nanoseconds took, Delivery::Kind result);
  void retried() { retries_.increment(); }
  void failed(ErrorCode code);
  void ring_accepted(const Message& message, const Clock& clock);
  // An empty label is an update that belongs to a message already counted.
  void settled(std::string_view label, bool success, std::chrono::nanoseconds since_first_attempt);

 private:
  static constexpr std::size_t labels = 7;
  static constexpr std::size_t error_types = 6;
  std::array<std::array<telemetry::Counter, 2>, labels> sent_;
  std::array<telemetry::Counter, error_types> errors_;
  std::array<telemetry::Counter, 3> attempts_;  // by Delivery::Kind
  telemetry::Counter retries_;
  telemetry::Histogram stage_;
  telemetry::Histogram duration_;
  telemetry::Histogram ring_to_notification_;
};

}  // namespace porchlight::notify
