// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "porchlight/base/clock.hpp"

namespace porchlight::api {

// Time-based one-time passwords (RFC 6238): HMAC-SHA-1, six digits, steps of 30 s from the Unix epoch.
inline constexpr std::size_t totp_seed_bytes = 20;

std::int64_t totp_step(WallTime time);
std::string totp_code(std::string_view seed, std::int64_t step);

// The step that the code belongs to, one step of clock difference either way. Steps up to `last_used`
// are spent: a code that was read over a shoulder is worth nothing.
std::optional<std::int64_t> totp_match(std::string_view seed, std::string_view code, WallTime now,
                                       std::int64_t last_used);

// otpauth://totp/…, which authenticator programs read from a QR code.
std::string totp_uri(std::string_view seed, std::string_view account);

}  // namespace porchlight::api
