// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <chrono>
#include <ctime>

#include "porchlight/base/clock.hpp"

namespace porchlight::http {

// The clock counts nanoseconds in 64 bits, up to the year 2262; certificates and files may claim any year.
inline WallTime wall_time_of(std::time_t seconds) noexcept {
  constexpr auto last = std::chrono::floor<std::chrono::seconds>(WallTime::max().time_since_epoch()).count();
  return WallTime{std::chrono::seconds{std::clamp<std::time_t>(seconds, -last, last)}};
}

}  // namespace porchlight::http
