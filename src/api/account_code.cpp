// SPDX-License-Identifier: Apache-2.0
#include "porchlight/api/account_code.hpp"

#include <cctype>
#include <utility>

#include "api/digest.hpp"

namespace porchlight::api {

AccountCode new_account_code() {
  const auto letters = base32(random_bytes(13)).substr(0, 20);
  std::string text;
  for (std::size_t i = 0; i < letters.size(); ++i) {
    if (i > 0 && i % 4 == 0) text += '-';
    text += letters[i];
  }
  return {text, sha256_hex(letters)};
}

AccountCode new_opaque_token() {
  auto text = "pls_" + random_secret(32);
  auto hash = sha256_hex(text);
  return {std::move(text), std::move(hash)};
}

std::string new_token_id() {
  return random_hex(16);
}

std::string hash_of_code(std::string_view typed) {
  std::string letters;
  for (const char c : typed)
    if (c != '-' && c != ' ') letters += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return sha256_hex(letters);
}

}  // namespace porchlight::api
