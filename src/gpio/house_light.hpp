// SPDX-License-Identifier: Apache-2.0
// Which state of the house its lights show. docs/hardware.md is the table of this file.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "porchlight/base/clock.hpp"
#include "porchlight/event/event.hpp"

namespace porchlight::gpio {

// What an event means to the lights.
enum class LightSignal : std::uint8_t { none, rang, known, unknown, blacklisted, unanswered, alarm };
LightSignal signal_of(const event::Event& event) noexcept;

// Pure: no clock, no line. One thread.
class HouseLight {
 public:
  enum class State : std::uint8_t {
    idle,
    error,
    processing,
    known,
    unknown,
    alert
  };  // the later goes before

  void note(LightSignal signal, MonotonicTime now);
  void set_error(bool is_wrong) { is_wrong_ = is_wrong; }
  State shown(MonotonicTime now) const;
  // When shown() changes by itself.
  std::optional<MonotonicTime> next_change(MonotonicTime now) const;

 private:
  static constexpr std::size_t timed = 4;  // processing, known, unknown, alert
  MonotonicTime& until(State state) {
    return until_[static_cast<std::size_t>(state) - static_cast<std::size_t>(State::processing)];
  }

  bool is_wrong_ = false;
  MonotonicTime until_[timed]{};
};

}  // namespace porchlight::gpio
