// SPDX-License-Identifier: Apache-2.0
#include "porchlight/notify/link.hpp"

#include <sodium.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

namespace porchlight::notify {
namespace {

constexpr int variant = sodium_base64_VARIANT_URLSAFE_NO_PADDING;
constexpr char version = 1;
constexpr std::size_t id_at = 1;
constexpr std::size_t expiry_at = id_at + 16;
constexpr std::size_t channel_at = expiry_at + 4;
constexpr std::size_t mac_bytes = 16;  // of 32: 128 bits
constexpr std::size_t longest_token = 512;
constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

unsigned char* bytes_of(std::string& text) {
  return reinterpret_cast<unsigned char*>(text.data());
}
const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

std::string mac_of(std::string_view key, std::string_view text) {
  crypto_auth_hmacsha256_state state;
  crypto_auth_hmacsha256_init(&state, bytes_of(key), key.size());
  crypto_auth_hmacsha256_update(&state, bytes_of(text), text.size());
  std::string mac(crypto_auth_hmacsha256_BYTES, '\0');
  crypto_auth_hmacsha256_final(&state, bytes_of(mac));
  mac.resize(mac_bytes);
  return mac;
}

std::optional<std::string> decoded(std::string_view token) {
  // libsodium takes some bytes beyond ASCII for letters: a token would then have several spellings.
  if (token.size() > longest_token || token.find_first_not_of(alphabet) != std::string_view::npos)
    return std::nullopt;
  std::string bytes(token.size(), '\0');
  std::size_t size = 0;
  if (sodium_base642bin(bytes_of(bytes), bytes.size(), token.data(), token.size(), nullptr, &size, nullptr,
                        variant) != 0)
    return std::nullopt;
  bytes.resize(size);
  return bytes;
}

}  // namespace

std::string mint(std::string_view key, const Link& link) {
  std::string bytes(1, version);
  for (const auto byte : link.event.bytes()) bytes += static_cast<char>(byte);
  const auto seconds = static_cast<std::uint32_t>(
      std::chrono::floor<std::chrono::seconds>(link.expires.time_since_epoch()).count());
  for (const int shift : {24, 16, 8, 0}) bytes += static_cast<char>(seconds >> shift & 0xff);
  bytes += link.channel;
  bytes += mac_of(key, bytes);
  std::string token(sodium_base64_encoded_len(bytes.size(), variant), '\0');
  sodium_bin2base64(token.data(), token.size(), bytes_of(std::string_view(bytes)), bytes.size(), variant);
  token.pop_back();  // the terminating NUL
  return token;
}

std::optional<Link> opened_link(std::string_view key, std::string_view token) {
  const auto bytes = decoded(token);
  if (!bytes || bytes->size() <= channel_at + mac_bytes) return std::nullopt;
  const std::string_view signed_part(bytes->data(), bytes->size() - mac_bytes);
  if (sodium_memcmp(mac_of(key, signed_part).data(), bytes->data() + signed_part.size(), mac_bytes) != 0 ||
      signed_part.front() != version)
    return std::nullopt;
  std::array<std::uint8_t, 16> id{};
  std::copy_n(bytes_of(signed_part) + id_at, id.size(), id.begin());
  std::uint32_t seconds = 0;
  for (std::size_t i = expiry_at; i < channel_at; ++i)
    seconds = seconds << 8 | static_cast<unsigned char>(signed_part[i]);
  return Link{event::EventId::of_bytes(id), std::string(signed_part.substr(channel_at)),
              WallTime{std::chrono::seconds{seconds}}};
}

LinkMaker::LinkMaker(std::string key, std::string public_url, std::chrono::milliseconds lifetime)
    : key_(std::move(key)),
      base_(public_url.substr(0, public_url.find_last_not_of('/') + 1) + "/l/"),
      lifetime_(lifetime) {}

std::string LinkMaker::address_for(const store::OutboxRow& row) const {
  return base_ + mint(key_, {row.key.event_id, row.key.channel_id,
                             std::chrono::floor<std::chrono::seconds>(row.happened + lifetime_)});
}

}  // namespace porchlight::notify
