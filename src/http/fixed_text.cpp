// SPDX-License-Identifier: Apache-2.0
#include "porchlight/http/fixed_text.hpp"

#include <openssl/evp.h>

#include <array>
#include <cstdio>
#include <utility>

#include "http/files.hpp"
#include "porchlight/http/compression.hpp"

namespace porchlight::http {
namespace {

constexpr std::size_t tag_bytes = 8;

std::string tag_of(const std::string& text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha256(), nullptr);
  std::string tag = "\"";
  for (std::size_t i = 0; i < tag_bytes; ++i) {
    std::array<char, 3> hex{};
    std::snprintf(hex.data(), hex.size(), "%02x", static_cast<unsigned>(digest[i]));
    tag += hex.data();
  }
  return tag + '"';
}

}  // namespace

FixedText::FixedText(std::string text, std::string content_type)
    : text_(std::move(text)),
      packed_(gzip(text_)),
      content_type_(std::move(content_type)),
      tag_(tag_of(text_)) {}

Response FixedText::answer(const Request& request) const {
  Response response{
      200, {{"ETag", "W/" + tag_}, {"Vary", "Accept-Encoding"}, {"Cache-Control", "private, no-cache"}}, {}};
  if (names_tag(request.header("if-none-match"), tag_)) {
    response.status = 304;
    return response;
  }
  response.headers.emplace_back("Content-Type", content_type_);
  const bool packed = accepts_gzip(request.header("accept-encoding"));
  if (packed) response.headers.emplace_back("Content-Encoding", "gzip");
  response.body = packed ? packed_ : text_;
  return response;
}

}  // namespace porchlight::http
