// SPDX-License-Identifier: Apache-2.0
#include "porchlight/base/one_line.hpp"

#include "porchlight/base/utf8.hpp"

namespace porchlight {
namespace {

bool continues(char c) noexcept {
  return (static_cast<unsigned char>(c) & 0xc0) == 0x80;
}

// The bytes of the character that begins at `at`; 1 for what begins none.
std::size_t length_at(std::string_view text, std::size_t at) noexcept {
  std::size_t length = 1;
  while (length < 4 && at + length < text.size() && continues(text[at + length])) ++length;
  return is_utf8(text.substr(at, length)) ? length : 1;
}

bool is_control(std::string_view character) noexcept {
  const auto first = static_cast<unsigned char>(character[0]);
  if (character.size() == 1) return first < 0x20 || first == 0x7f;
  // C1, and the separators that end a line for whoever knows them.
  if (character.size() == 2) return first == 0xc2 && static_cast<unsigned char>(character[1]) < 0xa0;
  return character == "\u2028" || character == "\u2029";
}

std::string_view shown(std::string_view character) noexcept {
  if (!is_utf8(character)) return "?";
  return is_control(character) ? " " : character;
}

}  // namespace

std::string one_line(std::string_view text, std::size_t most) {
  std::string line;
  for (std::size_t at = 0; at < text.size();) {
    const auto length = length_at(text, at);
    const auto written = shown(text.substr(at, length));
    if (line.size() + written.size() > most) break;
    line += written;
    at += length;
  }
  return line;
}

}  // namespace porchlight
