// SPDX-License-Identifier: Apache-2.0
#include "app/moment.hpp"

#include <charconv>
#include <ctime>
#include <utility>

namespace porchlight::app {
namespace {

std::optional<WallTime> relative(const std::string& text, WallTime now) {
  std::int64_t number = 0;
  const auto* begin = text.data() + 1;
  const auto* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(begin, end, number);
  // More than a hundred years of seconds is no time that anybody means.
  if (error != std::errc() || stop == begin || stop + 1 != end || number < 0 || number > 3'000'000'000)
    return std::nullopt;
  constexpr std::pair<char, std::int64_t> units[]{{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86'400}};
  for (const auto& [unit, seconds] : units) {
    if (unit != *stop || number > 3'000'000'000 / seconds) continue;
    const std::chrono::seconds span{number * seconds};
    return text.front() == '-' ? now - span : now + span;
  }
  return std::nullopt;
}

std::optional<WallTime> local(const std::string& text, WallTime now) {
  const auto seconds = std::chrono::system_clock::to_time_t(now);
  std::tm time{};
  ::localtime_r(&seconds, &time);
  time.tm_sec = 0;
  const auto* end = ::strptime(text.c_str(), text.size() > 5 ? "%Y-%m-%d %H:%M" : "%H:%M", &time);
  if (end == nullptr) return std::nullopt;
  if (*end == ':') end = ::strptime(end, ":%S", &time);
  if (end == nullptr || *end != '\0') return std::nullopt;
  time.tm_isdst = -1;
  return std::chrono::system_clock::from_time_t(::mktime(&time));
}

}  // namespace

std::optional<WallTime> parse_moment(const std::string& text, WallTime now) {
  if (text.empty()) return std::nullopt;
  if (text.front() == '-' || text.front() == '+') return relative(text, now);
  if (const auto at = parse_rfc3339(text)) return at;
  return local(text, now);
}

}  // namespace porchlight::app
