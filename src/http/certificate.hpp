// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "http/openssl.hpp"
#include "porchlight/base/clock.hpp"
#include "porchlight/base/result.hpp"

namespace porchlight::http {

// A private key with its certificate and what else belongs to the chain.
struct Identity {
  KeyPtr key;
  CertificatePtr certificate;
  std::vector<CertificatePtr> chain{};  // intermediate authorities, nearest first
};

struct CertificateWish {
  std::string common_name;
  std::vector<std::string> names{};  // DNS names and IP addresses
  WallTime now{};
  std::chrono::hours lifetime{};
};

// ECDSA P-256. Without `authority` a certificate authority that signs itself, else a server's leaf.
Result<Identity> make_identity(const CertificateWish& wish, const Identity* authority);

Result<KeyPtr> parse_key(std::string_view pem);
// All certificates of a PEM text, in order; at least one.
Result<std::vector<CertificatePtr>> parse_certificates(std::string_view pem);
std::string pem_of(const Identity& identity);  // key first, then the certificate
std::string pem_of(const X509& certificate);

bool fits(const Identity& identity);
WallTime end_of(const X509& certificate);
WallTime begin_of(const X509& certificate);
// The DNS names and addresses of its subject alternative names, as make_identity() was given them.
std::vector<std::string> names_of(const X509& certificate);
bool is_signed_by(X509& certificate, const Identity& authority);

}  // namespace porchlight::http
