// SPDX-License-Identifier: Apache-2.0
// Random values and their digests, as texts.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace porchlight::api {

std::string random_bytes(std::size_t count);
// base64url of `bytes` random bytes.
std::string random_secret(std::size_t bytes);
std::string random_hex(std::size_t bytes);

std::string sha256_hex(std::string_view bytes);
std::string sha256_base64(std::string_view bytes);
std::string hmac_sha256(std::string_view key, std::string_view bytes);

// In a time that does not depend on where they differ.
bool same(std::string_view a, std::string_view b);

std::string base64(std::string_view bytes);
std::string base64url(std::string_view bytes);
// Nothing for what base64url() would not have written.
std::optional<std::string> from_base64url(std::string_view text);
std::optional<std::string> from_base64(std::string_view text);
std::string base32(std::string_view bytes);

}  // namespace porchlight::api
