// SPDX-License-Identifier: Apache-2.0
#include "porchlight/api/password.hpp"

#include <sodium.h>

#include <algorithm>
#include <array>
#include <cctype>

#include "api/digest.hpp"

namespace porchlight::api {
namespace {

constexpr std::size_t least_characters = 10;
constexpr std::size_t most_bytes = 1024;

// What people and guessing programs try first, of ten characters and more; shorter ones are refused anyway.
constexpr std::array commonest{
    "0123456789",   "0987654321",    "1111111111",     "1122334455",       "1234512345",  "123456789a",
    "1234567890",   "12345678900",   "12345678901",    "123456789012",     "1234567891",  "1q2w3e4r5t",
    "1q2w3e4r5t6y", "1qaz2wsx3edc",  "9876543210",     "a123456789",       "abc1234567",  "abcd123456",
    "abcdefghij",   "adminadmin",    "administrator",  "changeme123",      "doorbell123", "doorbell1234",
    "football123",  "iloveyou12",    "iloveyou123",    "letmein123",       "letmein1234", "motdepasse",
    "password00",   "password01",    "password10",     "password11",       "password12",  "password123",
    "password1234", "password12345", "password123456", "passwordpassword", "passwort123", "porchlight",
    "porchlight1",  "porchlight123", "q1w2e3r4t5",     "q1w2e3r4t5y6",     "qazwsxedcr",  "qwerty1234",
    "qwerty12345",  "qwerty123456",  "qwertyuiop",     "qwertyuiop123",    "raspberry1",  "raspberrypi",
    "raspberrypi1", "welcome123",    "welcome1234",    "zaq12wsxcde3",
};

std::string lower(std::string_view text) {
  std::string made(text);
  std::transform(made.begin(), made.end(), made.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return made;
}

// Code points: bytes that do not continue one.
std::size_t characters(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(
      text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

bool is_one_character(std::string_view text) {
  return text.find_first_not_of(text.front()) == std::string_view::npos;
}

Error refused(std::string why) {
  return {ErrorCode::invalid_argument, std::move(why)};
}

}  // namespace

Status check_password(std::string_view password, std::string_view account) {
  if (characters(password) < least_characters)
    return refused("the password has fewer than " + std::to_string(least_characters) + " characters");
  if (password.size() > most_bytes)
    return refused("the password has more than " + std::to_string(most_bytes) + " bytes");
  const auto plain = lower(password);
  const bool common = std::find(commonest.begin(), commonest.end(), plain) != commonest.end();
  if (common || is_one_character(plain))
    return refused("the password is one of the first that anybody would try");
  auto rest = plain;
  const auto name = lower(account);
  for (auto at = rest.find(name); !name.empty() && at != std::string::npos; at = rest.find(name))
    rest.erase(at, name.size());
  if (rest.size() < plain.size() && rest.size() < 4)
    return refused("the password is made of the account's name");
  return {};
}

Result<std::string> PasswordHasher::hash(std::string_view password) {
  calls_.fetch_add(1, std::memory_order_relaxed);
  std::array<char, crypto_pwhash_STRBYTES> text{};
  if (sodium_init() < 0 || crypto_pwhash_str_alg(text.data(), password.data(), password.size(), cost_.passes,
                                                 cost_.memory_bytes, crypto_pwhash_ALG_ARGON2ID13) != 0)
    return Error(ErrorCode::resource, "hash a password: no memory for it");
  return std::string(text.data());
}

bool PasswordHasher::is_right(const std::string& encoded, std::string_view password) {
  if (nobody_.empty()) {
    auto made = hash(random_secret(32));
    if (made) nobody_ = std::move(*made);
    calls_.fetch_sub(1, std::memory_order_relaxed);  // once in a lifetime, not part of any answer's work
  }
  calls_.fetch_add(1, std::memory_order_relaxed);
  const auto& against = encoded.empty() ? nobody_ : encoded;
  const bool right = crypto_pwhash_str_verify(against.c_str(), password.data(), password.size()) == 0;
  return right && !encoded.empty();
}

bool PasswordHasher::is_outdated(const std::string& encoded) const {
  return crypto_pwhash_str_needs_rehash(encoded.c_str(), cost_.passes, cost_.memory_bytes) != 0;
}

}  // namespace porchlight::api
