// SPDX-License-Identifier: Apache-2.0
#include "http/certificate.hpp"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>

#include <array>
#include <ctime>

#include "http/wall_time.hpp"

namespace porchlight::http {
namespace {

Error failed(const char* doing) {
  return openssl_error(ErrorCode::internal, doing);
}

bool set_serial(X509& certificate) {
  std::array<unsigned char, 16> random{};
  if (RAND_bytes(random.data(), random.size()) != 1) return false;
  random[0] = static_cast<unsigned char>((random[0] & 0x7f) | 0x40);  // positive, always 16 bytes
  std::unique_ptr<BIGNUM, Releases<BN_free>> number(BN_bin2bn(random.data(), random.size(), nullptr));
  return number && BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(&certificate)) != nullptr;
}

bool set_name(X509_NAME* name, const std::string& common_name) {
  return X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
                                    reinterpret_cast<const unsigned char*>(common_name.c_str()), -1, -1,
                                    0) == 1;
}

bool set_times(X509& certificate, const CertificateWish& wish) {
  // A day earlier: the clocks of the house do not agree to the second.
  const auto begin = std::chrono::system_clock::to_time_t(wish.now - std::chrono::hours{24});
  const auto end = std::chrono::system_clock::to_time_t(wish.now + wish.lifetime);
  return ASN1_TIME_set(X509_getm_notBefore(&certificate), begin) != nullptr &&
         ASN1_TIME_set(X509_getm_notAfter(&certificate), end) != nullptr;
}

bool add_extension(X509& certificate, X509& issuer, int kind, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, &issuer, &certificate, nullptr, nullptr, 0);
  std::unique_ptr<X509_EXTENSION, Releases<X509_EXTENSION_free>> extension(
      X509V3_EXT_conf_nid(nullptr, &context, kind, value));
  return extension && X509_add_ext(&certificate, extension.get(), -1) == 1;
}

using NamePtr = std::unique_ptr<GENERAL_NAME, Releases<GENERAL_NAME_free>>;

NamePtr name_of(const std::string& text) {
  NamePtr name(GENERAL_NAME_new());
  std::array<unsigned char, 16> address{};
  int size = 0;
  if (::inet_pton(AF_INET, text.c_str(), address.data()) == 1) size = 4;
  if (::inet_pton(AF_INET6, text.c_str(), address.data()) == 1) size = 16;
  auto* value = size > 0 ? ASN1_OCTET_STRING_new() : ASN1_IA5STRING_new();
  const void* bytes = size > 0 ? static_cast<const void*>(address.data()) : text.data();
  if (name == nullptr || value == nullptr ||
      ASN1_STRING_set(value, bytes, size > 0 ? size : static_cast<int>(text.size())) != 1) {
    ASN1_STRING_free(value);
    return {};
  }
  GENERAL_NAME_set0_value(name.get(), size > 0 ? GEN_IPADD : GEN_DNS, value);
  return name;
}

bool add_names(X509& certificate, const std::vector<std::string>& names) {
  NamesPtr list(GENERAL_NAMES_new());
  if (!list) return false;
  for (const auto& text : names) {
    auto name = name_of(text);
    if (!name || sk_GENERAL_NAME_push(list.get(), name.get()) == 0) return false;
    name.release();
  }
  return X509_add1_ext_i2d(&certificate, NID_subject_alt_name, list.get(), 0, 0) == 1;
}

bool add_authority_extensions(X509& certificate) {
  return add_extension(certificate, certificate, NID_basic_constraints, "critical,CA:TRUE,pathlen:0") &&
         add_extension(certificate, certificate, NID_key_usage, "critical,keyCertSign,cRLSign") &&
         add_extension(certificate, certificate, NID_subject_key_identifier, "hash");
}

bool add_server_extensions(X509& certificate, X509& issuer, const std::vector<std::string>& names) {
  return add_extension(certificate, issuer, NID_basic_constraints, "critical,CA:FALSE") &&
         add_extension(certificate, issuer, NID_key_usage, "critical,digitalSignature") &&
         add_extension(certificate, issuer, NID_ext_key_usage, "serverAuth") &&
         add_extension(certificate, issuer, NID_subject_key_identifier, "hash") &&
         add_extension(certificate, issuer, NID_authority_key_identifier, "keyid:always") &&
         add_names(certificate, names);
}

BioPtr reading(std::string_view text) {
  return BioPtr(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

std::string written(const BioPtr& bio) {
  char* bytes = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &bytes);
  return size > 0 ? std::string(bytes, static_cast<std::size_t>(size)) : std::string{};
}

// A key that asks for a passphrase must fail, not read the terminal.
int no_passphrase(char*, int, int, void*) {
  return -1;
}

WallTime wall_time(const ASN1_TIME* time) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return {};
  return wall_time_of(::timegm(&parts));
}

std::string text_of(const GENERAL_NAME& name) {
  int kind = 0;
  const auto* value = static_cast<const ASN1_STRING*>(GENERAL_NAME_get0_value(&name, &kind));
  const auto* bytes = ASN1_STRING_get0_data(value);
  const auto size = static_cast<std::size_t>(ASN1_STRING_length(value));
  if (kind == GEN_DNS) return std::string(reinterpret_cast<const char*>(bytes), size);
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (kind != GEN_IPADD || (size != 4 && size != 16)) return {};
  return ::inet_ntop(size == 4 ? AF_INET : AF_INET6, bytes, text.data(), text.size());
}

}  // namespace

Error openssl_error(ErrorCode code, std::string doing) {
  const auto first = ERR_get_error();
  ERR_clear_error();
  const char* reason = first == 0 ? nullptr : ERR_reason_error_string(first);
  return Error(code,
               std::move(doing) + ": " + (reason == nullptr ? "the TLS library gave no reason" : reason));
}

Result<Identity> make_identity(const CertificateWish& wish, const Identity* authority) {
  Identity made{KeyPtr(EVP_EC_gen("P-256")), CertificatePtr(X509_new())};
  if (!made.key || !made.certificate) return failed("make a key");
  auto& certificate = *made.certificate;
  auto& issuer = authority == nullptr ? certificate : *authority->certificate;
  auto* signer = authority == nullptr ? made.key.get() : authority->key.get();
  const bool named = X509_set_version(&certificate, X509_VERSION_3) == 1 && set_serial(certificate) &&
                     set_times(certificate, wish) &&
                     set_name(X509_get_subject_name(&certificate), wish.common_name) &&
                     X509_set_issuer_name(&certificate, X509_get_subject_name(&issuer)) == 1 &&
                     X509_set_pubkey(&certificate, made.key.get()) == 1;
  const bool extended =
      named && (authority == nullptr ? add_authority_extensions(certificate)
                                     : add_server_extensions(certificate, issuer, wish.names));
  if (!extended || X509_sign(&certificate, signer, EVP_sha256()) == 0) return failed("make a certificate");
  return made;
}

Result<KeyPtr> parse_key(std::string_view pem) {
  const auto bio = reading(pem);
  KeyPtr key(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_passphrase, nullptr));
  if (!key) return openssl_error(ErrorCode::corrupt, "no private key in PEM form without a passphrase");
  return key;
}

Result<std::vector<CertificatePtr>> parse_certificates(std::string_view pem) {
  const auto bio = reading(pem);
  std::vector<CertificatePtr> list;
  while (auto* certificate = PEM_read_bio_X509(bio.get(), nullptr, no_passphrase, nullptr))
    list.emplace_back(certificate);
  if (list.empty()) return openssl_error(ErrorCode::corrupt, "no certificate in PEM form");
  ERR_clear_error();  // the end of the text is one
  return list;
}

std::string pem_of(const Identity& identity) {
  const BioPtr bio(BIO_new(BIO_s_mem()));
  PEM_write_bio_PrivateKey(bio.get(), identity.key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  PEM_write_bio_X509(bio.get(), identity.certificate.get());
  return written(bio);
}

std::string pem_of(const X509& certificate) {
  const BioPtr bio(BIO_new(BIO_s_mem()));
  PEM_write_bio_X509(bio.get(), &certificate);
  return written(bio);
}

bool fits(const Identity& identity) {
  const bool same = X509_check_private_key(identity.certificate.get(), identity.key.get()) == 1;
  ERR_clear_error();
  return same;
}

WallTime end_of(const X509& certificate) {
  return wall_time(X509_get0_notAfter(&certificate));
}
WallTime begin_of(const X509& certificate) {
  return wall_time(X509_get0_notBefore(&certificate));
}

std::vector<std::string> names_of(const X509& certificate) {
  const NamesPtr list(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(&certificate, NID_subject_alt_name, nullptr, nullptr)));
  std::vector<std::string> names;
  for (int i = 0; list && i < sk_GENERAL_NAME_num(list.get()); ++i)
    names.push_back(text_of(*sk_GENERAL_NAME_value(list.get(), i)));
  return names;
}

bool is_signed_by(X509& certificate, const Identity& authority) {
  const bool good = X509_verify(&certificate, authority.key.get()) == 1;
  ERR_clear_error();
  return good;
}

}  // namespace porchlight::http
