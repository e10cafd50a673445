// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <map>
#include <string>

#include "pipeline/event_outcomes.hpp"
#include "porchlight/event/event.hpp"
#include "porchlight/notify/rule_engine.hpp"
#include "porchlight/telemetry/metrics.hpp"

namespace porchlight::pipeline {

enum class TimeOfDay : std::uint8_t { morning, afternoon, evening, night };
// Local hour 0…23 → morning 06–12, afternoon 12–18, evening 18–22, night 22–06.
TimeOfDay time_of_day(int hour) noexcept;

// The counters of the event lane, resolved once.
class EventInstruments {
 public:
  explicit EventInstruments(telemetry::Metrics& metrics);

  void count(const event::Event& event);
  // Counts what kept a message from somebody.
  void ruled(notify::Ruling ruling);
  void took(const event::Event& event, MonotonicTime from, MonotonicTime to) noexcept;
  telemetry::Counter store_full;
  EventOutcomes outcomes;

 private:
  static constexpr std::size_t sources = 7;
  std::array<std::array<telemetry::Counter, 4>, sources> triggers_;
  std::array<telemetry::Counter, 24> by_hour_;
  std::map<notify::Ruling, telemetry::Counter> suppressed_;
  telemetry::Histogram duration_;
  telemetry::Metrics& metrics_;  // security events are rare: resolved when they come
};

}  // namespace porchlight::pipeline
