// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "porchlight/base/clock.hpp"

namespace porchlight::api {

// What becomes of a bearer token: the label `result` of jwt_token_validations_total.
enum class TokenVerdict : std::uint8_t {
  valid,
  expired,
  not_yet_valid,
  bad_signature,
  malformed,
  revoked,
  wrong_audience
};
std::string_view to_string(TokenVerdict verdict) noexcept;

struct Claims {
  std::string id;         // jti
  std::int64_t user = 0;  // sub
  std::string scopes;     // words with blanks between
  WallTime not_before{};
  WallTime expires{};
};

// JSON Web Tokens (RFC 7519) of one kind: compact, HMAC-SHA-256, for one audience. The header's `alg`
// chooses nothing: another one, `none` included, is a bad signature. Const after construction.
class TokenSigner {
 public:
  explicit TokenSigner(std::string key) : key_(std::move(key)) {}

  std::string sign(const Claims& claims) const;
  // `claims` is filled once the signature is good. Whether the token was revoked is the caller's to know.
  TokenVerdict verify(std::string_view token, WallTime now, Claims& claims) const;

 private:
  const std::string key_;
};

}  // namespace porchlight::api
