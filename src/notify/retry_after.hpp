// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

#include "porchlight/base/clock.hpp"

namespace porchlight::notify {

// The Retry-After header (RFC 9110, 10.2.3): seconds, or an HTTP-date held against `now`. A date in
// the past is zero; what cannot be read is nothing.
std::optional<std::chrono::milliseconds> parse_retry_after(std::string_view text, WallTime now);

}  // namespace porchlight::notify
