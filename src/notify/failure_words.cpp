// SPDX-License-Identifier: Apache-2.0
#include "notify/failure_words.hpp"

#include "porchlight/base/utf8.hpp"
#include "porchlight/telemetry/log.hpp"

namespace porchlight::notify {
namespace {

// What a server says may be long; looking for credentials in all of it would take the lane's time.
constexpr std::size_t longest_read = 4096;

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

}  // namespace

std::string failure_words(std::string_view text) {
  const auto scrubbed = telemetry::scrubbed(text.substr(0, longest_read));
  std::string words;
  for (std::size_t at = 0; at < scrubbed.size();) {
    const auto length = length_at(scrubbed, at);
    const auto character = std::string_view(scrubbed).substr(at, length);
    const bool whole = is_utf8(character);
    const auto written = !whole ? std::string_view("?") : is_control(character) ? " " : character;
    if (words.size() + written.size() > longest_failure) break;
    words += written;
    at += length;
  }
  return words;
}

}  // namespace porchlight::notify
