// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace porchlight::http {

// Why something was refused before its route's handler ran: the closed set of
// http_request_rejections_total{reason}.
enum class Rejection : std::uint8_t {
  malformed,
  too_large,
  injection_suspected,
  rate_limited,
  bad_content_type,
  path_traversal,
  timeout,
};
inline constexpr std::array<std::string_view, 7> rejection_words = {
    "malformed",      "too_large", "injection_suspected", "rate_limited", "bad_content_type",
    "path_traversal", "timeout"};

constexpr std::string_view to_string(Rejection reason) noexcept {
  return rejection_words[static_cast<std::size_t>(reason)];
}

}  // namespace porchlight::http
