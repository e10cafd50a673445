// SPDX-License-Identifier: Apache-2.0
#include "notify/retry_after.hpp"

#include <time.h>

#include <algorithm>
#include <charconv>
#include <string>

namespace porchlight::notify {

std::optional<std::chrono::milliseconds> parse_retry_after(std::string_view text, WallTime now) {
  // More digits than any wait that means something, and no overflow in milliseconds.
  if (!text.empty() && text.size() <= 9 &&
      std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; })) {
    std::int64_t seconds = 0;
    std::from_chars(text.data(), text.data() + text.size(), seconds);
    return std::chrono::seconds(seconds);
  }
  std::tm date{};
  const std::string terminated(text);
  const auto* end = ::strptime(terminated.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &date);
  if (end == nullptr || *end != '\0') return std::nullopt;
  const auto at = std::chrono::system_clock::from_time_t(::timegm(&date));
  return std::max(std::chrono::milliseconds::zero(),
                  std::chrono::duration_cast<std::chrono::milliseconds>(at - now));
}

}  // namespace porchlight::notify
