// SPDX-License-Identifier: Apache-2.0
#include "porchlight/notify/hours.hpp"

#include <algorithm>
#include <array>
#include <ctime>
#include <optional>
#include <string>

namespace porchlight::notify {
namespace {

constexpr std::array<std::string_view, 7> day_names{"mon", "tue", "wed", "thu", "fri", "sat", "sun"};
constexpr int day_minutes = 24 * 60;

Error fault(std::string text) {
  return {ErrorCode::invalid_argument, std::move(text)};
}

std::optional<int> day_of(std::string_view name) {
  const auto found = std::find(day_names.begin(), day_names.end(), name);
  return found == day_names.end() ? std::nullopt : std::optional(static_cast<int>(found - day_names.begin()));
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

std::optional<int> minute_of(std::string_view text) {
  if (text.size() != 5 || text[2] != ':') return std::nullopt;
  for (const auto at : {0U, 1U, 3U, 4U})
    if (!is_digit(text[at])) return std::nullopt;
  const int hour = (text[0] - '0') * 10 + (text[1] - '0');
  const int minute = (text[3] - '0') * 10 + (text[4] - '0');
  if (minute > 59 || hour * 60 + minute > day_minutes) return std::nullopt;
  return hour * 60 + minute;
}

Result<std::uint8_t> days_of(std::string_view text) {
  std::uint8_t days = 0;
  while (true) {
    const auto item = text.substr(0, text.find(','));
    const auto dash = item.find('-');
    const auto first = day_of(item.substr(0, dash));
    const auto last = dash == std::string_view::npos ? first : day_of(item.substr(dash + 1));
    if (!first || !last)
      return fault("unknown days '" + std::string(item) +
                   "': mon, tue, wed, thu, fri, sat, sun, or a span such as mon-fri");
    for (int day = *first;; day = (day + 1) % 7) {
      days = static_cast<std::uint8_t>(days | (1 << day));
      if (day == *last) break;
    }
    if (item.size() == text.size()) return days;
    text.remove_prefix(item.size() + 1);
  }
}

Status read_times(std::string_view text, Window& window) {
  const auto dash = text.find('-');
  const auto from = minute_of(text.substr(0, dash));
  const auto until = dash == std::string_view::npos ? std::nullopt : minute_of(text.substr(dash + 1));
  if (!from || !until || *from == day_minutes)
    return fault("expected a time span such as 22:00-07:00, found '" + std::string(text) + "'");
  if (*from == *until) return fault("nothing lies between equal times; a whole day is 00:00-24:00");
  window.from = *from;
  window.until = *until;
  return {};
}

bool has_day(const Window& window, int day) {
  return (window.days >> day & 1) != 0;
}

bool is_open(const Window& window, int day, int minute) {
  if (window.from < window.until)
    return has_day(window, day) && minute >= window.from && minute < window.until;
  return (has_day(window, day) && minute >= window.from) ||
         (has_day(window, (day + 6) % 7) && minute < window.until);
}

}  // namespace

Result<Window> parse_window(std::string_view text) {
  Window window;
  if (text.empty()) return fault("expected a time span such as 22:00-07:00, found nothing");
  if (!is_digit(text.front())) {
    const auto space = text.find(' ');
    auto days = days_of(text.substr(0, space));
    if (!days) return std::move(days).error();
    window.days = *days;
    if (space == std::string_view::npos) return window;
    text.remove_prefix(space + 1);
  }
  if (auto status = read_times(text, window); !status) return std::move(status).error();
  return window;
}

bool covers(const Hours& hours, WallTime at) {
  if (hours.empty()) return false;
  const auto seconds = std::chrono::system_clock::to_time_t(std::chrono::floor<std::chrono::seconds>(at));
  std::tm local{};
  ::localtime_r(&seconds, &local);
  const int day = (local.tm_wday + 6) % 7;
  const int minute = local.tm_hour * 60 + local.tm_min;
  return std::any_of(hours.begin(), hours.end(),
                     [&](const Window& window) { return is_open(window, day, minute); });
}

}  // namespace porchlight::notify
