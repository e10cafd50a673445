// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>

#include "porchlight/base/clock.hpp"

namespace porchlight::observe {

// Who keeps the clock right, as far as it can be known.
struct TimeFacts {
  WallTime now{};
  std::optional<bool> kernel;           // its word on whether somebody does; nothing: we may not ask
  bool service_runs = false;            // systemd-timesyncd
  std::optional<WallTime> service_set;  // when that set the clock last
};

// systemd-timesyncd asks its server once in 34 minutes at the least.
inline constexpr std::chrono::hours service_silence{3};

// adjtimex(2), which the service's own restrictions forbid, and what systemd-timesyncd leaves in
// `root`/run/systemd/timesync.
TimeFacts read_time_facts(const Clock& clock, const std::filesystem::path& root = "/");

// Empty: somebody keeps it right, or it cannot be known.
std::string time_fault(const TimeFacts& facts);

}  // namespace porchlight::observe
