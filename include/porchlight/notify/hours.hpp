// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "porchlight/base/clock.hpp"
#include "porchlight/base/result.hpp"

namespace porchlight::notify {

// A stretch of the day on some days of the week, by the reading of the local clock: what the clock skips in
// spring does not happen, what it shows twice in autumn happens twice.
struct Window {
  std::uint8_t days = 0x7f;  // bit 0 is Monday
  int from = 0;              // minutes of the day, inclusive
  int until = 24 * 60;       // exclusive; less than `from`: on the day after, which need not be among `days`
  bool operator==(const Window&) const = default;
};
using Hours = std::vector<Window>;

// `22:00-07:00`, `mon-fri 08:00-18:00`, `sat,sun`, `fri-mon 20:00-24:00`. The error says what is wrong.
Result<Window> parse_window(std::string_view text);

// Whether one of them is open at that time. Empty hours cover nothing.
bool covers(const Hours& hours, WallTime at);

}  // namespace porchlight::notify
