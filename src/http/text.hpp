// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace porchlight::http {

// ASCII only, whatever the locale says: header names and hexadecimal digits.
constexpr char lower(char c) noexcept {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

constexpr bool equal_without_case(std::string_view a, std::string_view b) noexcept {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (lower(a[i]) != lower(b[i])) return false;
  }
  return true;
}

constexpr int hex_digit(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  const char small = lower(c);
  return small >= 'a' && small <= 'f' ? small - 'a' + 10 : -1;
}

constexpr std::string_view trimmed(std::string_view text) noexcept {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// tchar of RFC 9110 §5.6.2.
constexpr bool is_token_character(char c) noexcept {
  const char small = lower(c);
  if ((small >= 'a' && small <= 'z') || (c >= '0' && c <= '9')) return true;
  return c != '\0' && std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

// Cuts the next element off a list at `separator`; blanks around it are gone.
constexpr std::string_view next_item(std::string_view& rest, char separator) noexcept {
  const auto item = rest.substr(0, rest.find(separator));
  rest.remove_prefix(item.size() < rest.size() ? item.size() + 1 : rest.size());
  return trimmed(item);
}

// Whether a comma-separated list of words has this one.
constexpr bool list_contains(std::string_view list, std::string_view word) noexcept {
  while (!list.empty()) {
    if (equal_without_case(next_item(list, ','), word)) return true;
  }
  return false;
}

}  // namespace porchlight::http
