// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "porchlight/base/clock.hpp"

namespace porchlight::app {

// A time on the command line: RFC 3339, or local `2026-03-29 02:30` or `22:30` (today), or `-2h`, `+30m` from
// `now` (s, m, h, d). A local time that the clock skips is the one as much later; of one that it shows twice,
// what the system takes for it.
std::optional<WallTime> parse_moment(const std::string& text, WallTime now);

}  // namespace porchlight::app
