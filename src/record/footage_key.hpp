// SPDX-License-Identifier: Apache-2.0
// The Ed25519 key (RFC 8032) that signs exports.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "porchlight/base/result.hpp"

typedef struct evp_pkey_st EVP_PKEY;

namespace porchlight::record {

class FootageKey {
 public:
  // PKCS#8 PEM, 0600; made when it is not there, for whom the folder belongs to. Two that make it at the same
  // time get the same one. Errors: permission_denied when others may read it.
  static Result<FootageKey> find_or_make(const std::filesystem::path& file);

  std::string public_pem() const;                  // SubjectPublicKeyInfo
  std::string sign(std::string_view bytes) const;  // 64 bytes

 private:
  struct Release {
    void operator()(EVP_PKEY* key) const noexcept;
  };
  friend Result<bool> is_signed_by(std::string_view, std::string_view, std::string_view);
  friend Result<std::string> fingerprint_of(std::string_view);
  using Key = std::unique_ptr<EVP_PKEY, Release>;
  static Result<Key> read_public(std::string_view pem);
  static Result<FootageKey> read(const std::filesystem::path& file);
  explicit FootageKey(Key key) : key_(std::move(key)) {}
  Key key_;
};

// Errors: corrupt when `public_pem` is no Ed25519 key.
Result<bool> is_signed_by(std::string_view bytes, std::string_view signature, std::string_view public_pem);
// SHA-256 of the key's DER form, in hexadecimal digits.
Result<std::string> fingerprint_of(std::string_view public_pem);

}  // namespace porchlight::record
