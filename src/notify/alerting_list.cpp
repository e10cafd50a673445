// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cctype>
#include <set>

#include "notify/alerting_list.hpp"
#include "porchlight/notify/alerting.hpp"

namespace porchlight::notify {
namespace {

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

std::string with_commas(std::string_view text) {
  std::string value;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool is_comma = text.size() - i >= 3 && text[i] == '%' && text[i + 1] == '2' &&
                          (text[i + 2] == 'C' || text[i + 2] == 'c');
    value += is_comma ? ',' : text[i];
    if (is_comma) i += 2;
  }
  return value;
}

// A word that was meant as a type. Anything else before the colon may be a part of a secret.
bool is_word(std::string_view text) {
  return text.size() <= 16 &&
         std::all_of(text.begin(), text.end(), [](unsigned char c) { return std::isalpha(c) != 0; });
}

}  // namespace

Status check_entry(const AlertingChannel& entry, std::set<std::string>& seen, const std::string& where) {
  const auto is_type = [&](std::string_view type) { return type == entry.type; };
  if (std::none_of(alerting_types.begin(), alerting_types.end(), is_type)) {
    std::string known;
    for (const auto type : alerting_types) known += (known.empty() ? "" : ", ") + std::string(type);
    return Error(ErrorCode::invalid_argument,
                 where + (is_word(entry.type) ? ": unknown type '" + entry.type + "'" : ": unknown type") +
                     " (one of " + known + ")");
  }
  if (entry.value.empty())
    return Error(ErrorCode::invalid_argument, where + ": '" + entry.type + "' has no value");
  if (entry.value.find('\0') != std::string::npos)
    return Error(ErrorCode::invalid_argument, where + ": '" + entry.type + "' has a NUL in its value");
  if (!seen.insert(entry.type).second)
    return Error(ErrorCode::invalid_argument,
                 where + ": '" + entry.type +
                     "' is there twice; more channels of a type stand in notifications.channels");
  return {};
}

Result<std::vector<AlertingChannel>> parse_notification_channels(std::string_view text) {
  std::vector<AlertingChannel> entries;
  std::set<std::string> seen;
  for (std::size_t at = 0; at <= text.size();) {
    const auto end = std::min(text.find(',', at), text.size());
    const auto entry = text.substr(at, end - at);
    at = end + 1;
    const auto where = "entry " + std::to_string(entries.size() + 1);
    const auto colon = entry.find(':');
    if (colon == std::string_view::npos)
      return Error(ErrorCode::invalid_argument,
                   where + (trimmed(entry).empty() ? ": nothing is there" : ": no ':' behind the type") +
                       "; a comma inside a value is written %2C");
    AlertingChannel channel{std::string(trimmed(entry.substr(0, colon))),
                            with_commas(trimmed(entry.substr(colon + 1)))};
    if (auto status = check_entry(channel, seen, where); !status) return std::move(status).error();
    entries.push_back(std::move(channel));
  }
  return entries;
}

}  // namespace porchlight::notify
