// SPDX-License-Identifier: Apache-2.0
#include "onvif/security.hpp"

#include <openssl/evp.h>
#include <openssl/rand.h>

#include <array>
#include <cstdio>
#include <vector>

#include "onvif/names.hpp"
#include "onvif/xml.hpp"

namespace porchlight::onvif {
namespace {

using Bytes16 = std::array<unsigned char, 16>;

std::string base64(std::span<const unsigned char> bytes) {
  std::vector<unsigned char> out((bytes.size() + 2) / 3 * 4 + 1);
  const int size = EVP_EncodeBlock(out.data(), bytes.data(), static_cast<int>(bytes.size()));
  return {out.begin(), out.begin() + size};
}

Result<Bytes16> random_bytes() {
  Bytes16 bytes{};
  if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1)
    return Error(ErrorCode::resource, "make a nonce: the system gives no random bytes");
  return bytes;
}

}  // namespace

std::string password_digest(std::span<const unsigned char> nonce, std::string_view created,
                            std::string_view password) {
  std::vector<unsigned char> text(nonce.begin(), nonce.end());
  text.insert(text.end(), created.begin(), created.end());
  text.insert(text.end(), password.begin(), password.end());
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha1(), nullptr);
  return base64({digest.data(), size});
}

Result<std::string> security_header(const Login& login, WallTime now) {
  const auto nonce = random_bytes();
  if (!nonce) return nonce.error();
  const auto created = rfc3339(now);
  const auto base = std::string("http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-");
  return "<w:Security s:mustUnderstand=\"1\" xmlns:w=\"" + std::string(ns::wsse) + "\" xmlns:u=\"" + ns::wsu +
         "\"><w:UsernameToken><w:Username>" + xml_escaped(login.user) + "</w:Username><w:Password Type=\"" +
         base + "username-token-profile-1.0#PasswordDigest\">" +
         password_digest(*nonce, created, login.password) + "</w:Password><w:Nonce EncodingType=\"" + base +
         "soap-message-security-1.0#Base64Binary\">" + base64(*nonce) + "</w:Nonce><u:Created>" + created +
         "</u:Created></w:UsernameToken></w:Security>";
}

Result<std::string> random_urn() {
  auto bytes = random_bytes();
  if (!bytes) return bytes.error();
  auto& b = *bytes;
  b[6] = static_cast<unsigned char>((b[6] & 0x0f) | 0x40);
  b[8] = static_cast<unsigned char>((b[8] & 0x3f) | 0x80);
  std::string text = "urn:uuid:";
  for (std::size_t i = 0; i < b.size(); ++i) {
    char hex[3];
    std::snprintf(hex, sizeof hex, "%02x", b[i]);
    if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
    text += hex;
  }
  return text;
}

}  // namespace porchlight::onvif
