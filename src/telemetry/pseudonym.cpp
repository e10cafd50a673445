// SPDX-License-Identifier: Apache-2.0
#include "telemetry/pseudonym.hpp"

#include <arpa/inet.h>
#include <sodium.h>

#include <algorithm>
#include <array>

namespace porchlight::telemetry {
namespace {

constexpr std::size_t pseudonym_bytes = 8;

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

// Of an IPv6 address that is an IPv4 one in another form, too, the last 80 bits go.
constexpr std::size_t kept_of_v6 = 6;
constexpr std::size_t kept_of_v4 = 3;

template <std::size_t Size>
std::string truncated(int family, std::array<unsigned char, Size> bytes, std::size_t kept) {
  std::fill(bytes.begin() + static_cast<std::ptrdiff_t>(kept), bytes.end(), static_cast<unsigned char>(0));
  char text[INET6_ADDRSTRLEN] = {};
  return ::inet_ntop(family, bytes.data(), text, sizeof text) == nullptr ? "" : text;
}

}  // namespace

std::string pseudonym(std::string_view key, std::string_view name) {
  std::array<unsigned char, crypto_auth_hmacsha256_BYTES> mac{};
  crypto_auth_hmacsha256_state state;
  crypto_auth_hmacsha256_init(&state, bytes_of(key), key.size());
  crypto_auth_hmacsha256_update(&state, bytes_of(name), name.size());
  crypto_auth_hmacsha256_final(&state, mac.data());
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text = "p_";
  for (std::size_t n = 0; n < pseudonym_bytes; ++n) {
    text += digits[mac[n] >> 4];
    text += digits[mac[n] & 15];
  }
  return text;
}

std::string truncated_address(const std::string& address) {
  std::array<unsigned char, 4> v4{};
  if (::inet_pton(AF_INET, address.c_str(), v4.data()) == 1) return truncated(AF_INET, v4, kept_of_v4);
  std::array<unsigned char, 16> v6{};
  if (::inet_pton(AF_INET6, address.c_str(), v6.data()) == 1) return truncated(AF_INET6, v6, kept_of_v6);
  return address;
}

}  // namespace porchlight::telemetry
