// SPDX-License-Identifier: Apache-2.0
#include "api/totp.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>

#include "api/digest.hpp"

namespace porchlight::api {
namespace {

constexpr std::int64_t step_seconds = 30;
constexpr int code_digits = 6;

}  // namespace

std::int64_t totp_step(WallTime time) {
  return std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count() / step_seconds;
}

std::string totp_code(std::string_view seed, std::int64_t step) {
  std::array<unsigned char, 8> counter{};
  for (std::size_t i = 0; i < counter.size(); ++i)
    counter[i] = static_cast<unsigned char>(static_cast<std::uint64_t>(step) >> (56 - 8 * i));
  std::array<unsigned char, 20> mac{};
  unsigned size = 0;
  HMAC(EVP_sha1(), seed.data(), static_cast<int>(seed.size()), counter.data(), counter.size(), mac.data(),
       &size);
  // Dynamic truncation, RFC 4226 §5.3.
  const std::size_t at = mac.back() & 15U;
  const std::uint32_t number =
      (mac[at] & 0x7FU) << 24 | mac[at + 1] * 0x10000U | mac[at + 2] * 0x100U | mac[at + 3];
  auto code = std::to_string(number % 1'000'000);
  return std::string(code_digits - code.size(), '0') + code;
}

std::optional<std::int64_t> totp_match(std::string_view seed, std::string_view code, WallTime now,
                                       std::int64_t last_used) {
  const auto current = totp_step(now);
  std::optional<std::int64_t> found;
  for (const auto step : {current - 1, current, current + 1})
    if (step > last_used && same(totp_code(seed, step), code)) found = step;
  return found;
}

std::string totp_uri(std::string_view seed, std::string_view account) {
  return "otpauth://totp/Porchlight:" + std::string(account) + "?secret=" + base32(seed) +
         "&issuer=Porchlight";
}

}  // namespace porchlight::api
