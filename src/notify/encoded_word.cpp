// SPDX-License-Identifier: Apache-2.0
#include "notify/encoded_word.hpp"

#include <openssl/evp.h>

#include <algorithm>

namespace porchlight::notify {
namespace {

// 45 bytes are 60 characters of base64, and `=?UTF-8?B?` and `?=` are 12.
constexpr std::size_t bytes_of_word = 45;

bool stands_as_it_is(std::string_view text) {
  const auto plain = [](char c) { return c >= ' ' && c < 0x7f; };
  return std::all_of(text.begin(), text.end(), plain) && text.find("=?") == std::string_view::npos &&
         !text.starts_with(' ') && !text.ends_with(' ');
}

}  // namespace

std::string base64_of(std::string_view bytes) {
  std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');
  const int size =
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                      reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
  text.resize(static_cast<std::size_t>(size));
  return text;
}

std::string encoded_words(std::string_view text) {
  if (stands_as_it_is(text)) return std::string(text);
  std::string words;
  while (!text.empty()) {
    auto size = std::min(text.size(), bytes_of_word);
    // A word holds whole characters.
    while (size < text.size() && size > 1 && (static_cast<unsigned char>(text[size]) & 0xc0) == 0x80) --size;
    words += (words.empty() ? "=?UTF-8?B?" : " =?UTF-8?B?") + base64_of(text.substr(0, size)) + "?=";
    text.remove_prefix(size);
  }
  return words;
}

}  // namespace porchlight::notify
