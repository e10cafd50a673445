// SPDX-License-Identifier: Apache-2.0
#include "notify/clipped.hpp"

#include <algorithm>

#include "porchlight/base/one_line.hpp"

namespace porchlight::notify {
namespace {

constexpr std::string_view ellipsis = "…";

bool continues(char c) noexcept {
  return (static_cast<unsigned char>(c) & 0xc0) == 0x80;
}

// Of one byte: a character beyond U+FFFF is a pair in UTF-16 and begins with 0xF0 or more in UTF-8.
std::size_t units_of(char c) noexcept {
  if (continues(c)) return 0;
  return static_cast<unsigned char>(c) >= 0xf0 ? 2 : 1;
}

std::string cut_before(std::string_view text, std::size_t end) {
  while (end > 0 && continues(text[end])) --end;
  return std::string(text.substr(0, end)).append(ellipsis);
}

}  // namespace

std::size_t units_of(std::string_view text) noexcept {
  std::size_t units = 0;
  for (const char c : text) units += units_of(c);
  return units;
}

std::string one_line_of(std::string_view text, std::size_t most) {
  auto line = one_line(text, text.size());
  line.erase(0, std::min(line.find_first_not_of(' '), line.size()));
  while (line.ends_with(' ')) line.pop_back();
  return clipped_bytes(line, most);
}

std::string clipped_bytes(std::string_view text, std::size_t most) {
  if (text.size() <= most) return std::string(text);
  return most < ellipsis.size() ? std::string() : cut_before(text, most - ellipsis.size());
}

std::string clipped_units(std::string_view text, std::size_t most) {
  if (units_of(text) <= most) return std::string(text);
  std::size_t units = 0;
  std::size_t end = 0;
  // One unit is kept for the ellipsis.
  while (end < text.size() && units + units_of(text[end]) < most) units += units_of(text[end++]);
  while (end < text.size() && continues(text[end])) ++end;
  return most == 0 ? std::string() : cut_before(text, end);
}

}  // namespace porchlight::notify
