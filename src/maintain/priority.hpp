// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string_view>

#include "porchlight/maintain/doctor.hpp"

namespace porchlight::maintain {

// The least nice value that a process may give itself, read from its /proc/PID/limits and
// /proc/PID/status; nothing when neither can be understood.
std::optional<int> least_nice(std::string_view limits, std::string_view status);
Findings judge_priority(std::optional<int> nice);

}  // namespace porchlight::maintain
