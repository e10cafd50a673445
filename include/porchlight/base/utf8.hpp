// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string_view>

namespace porchlight {

// Whole, shortest-form UTF-8 without surrogates (RFC 3629).
constexpr bool is_utf8(std::string_view text) noexcept {
  for (std::size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i++]);
    if (lead < 0x80) continue;
    const int follow = lead >= 0xf0 ? 3 : lead >= 0xe0 ? 2 : 1;
    if (lead < 0xc2 || lead > 0xf4 || text.size() - i < static_cast<std::size_t>(follow)) return false;
    for (int n = 0; n < follow; ++n, ++i) {
      const auto byte = static_cast<unsigned char>(text[i]);
      if ((byte & 0xc0) != 0x80) return false;
      if (n > 0) continue;
      // The first one after the lead tells overlong forms, surrogates and what is beyond U+10FFFF.
      if ((lead == 0xe0 && byte < 0xa0) || (lead == 0xed && byte > 0x9f)) return false;
      if ((lead == 0xf0 && byte < 0x90) || (lead == 0xf4 && byte > 0x8f)) return false;
    }
  }
  return true;
}

// As much of the UTF-8 text as fits into `most` bytes, cut between two characters.
constexpr std::string_view utf8_prefix(std::string_view text, std::size_t most) noexcept {
  if (text.size() <= most) return text;
  while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xc0) == 0x80) --most;
  return text.substr(0, most);
}

}  // namespace porchlight
