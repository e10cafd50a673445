// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <string_view>

#include "porchlight/base/clock.hpp"

namespace porchlight::record {

// What says whether the wall clock can be right.
struct ClockFacts {
  WallTime now{};
  bool synchronised = false;               // the kernel says so, or the time service
  bool has_chip = false;                   // the machine has a clock that runs without power
  std::optional<WallTime> newest_footage;  // end of the newest that has a time
  std::chrono::nanoseconds running{0};     // since the machine began
};

enum class ClockBelief : std::uint8_t {
  implausible,  // before this program existed: whatever else speaks for it
  not_yet,
  synchronised,
  chip,    // there is a clock chip, and it is later than all footage
  waited,  // ten minutes, and nothing synchronised it
};
std::string_view to_string(ClockBelief belief) noexcept;
constexpr bool is_believed(ClockBelief belief) noexcept {
  return belief != ClockBelief::implausible && belief != ClockBelief::not_yet;
}

inline constexpr std::chrono::minutes longest_disbelief{10};

ClockBelief judge_clock(const ClockFacts& facts) noexcept;

// adjtimex(2). Under the service's own restrictions the kernel does not answer; then it is false.
bool kernel_clock_synchronised() noexcept;
// Whether systemd-timesyncd has set the clock since the machine started.
bool time_service_synchronised(const std::filesystem::path& root = "/");
// `root`: the folder in which sys/ lies, another one in tests.
bool has_clock_chip(const std::filesystem::path& root = "/");

}  // namespace porchlight::record
