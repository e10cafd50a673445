// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <memory>
#include <string>
#include <string_view>

#include "porchlight/base/result.hpp"

namespace porchlight::http {

template <auto release>
struct Releases {
  template <class T>
  void operator()(T* object) const noexcept {
    release(object);
  }
};
inline void free_names(GENERAL_NAMES* names) noexcept {
  GENERAL_NAMES_free(names);
}

using KeyPtr = std::unique_ptr<EVP_PKEY, Releases<EVP_PKEY_free>>;
using CertificatePtr = std::unique_ptr<X509, Releases<X509_free>>;
using BioPtr = std::unique_ptr<BIO, Releases<BIO_free_all>>;
using NamesPtr = std::unique_ptr<GENERAL_NAMES, Releases<free_names>>;
using SslContextPtr = std::shared_ptr<SSL_CTX>;
using SslPtr = std::unique_ptr<SSL, Releases<SSL_free>>;

// Takes the thread's queued OpenSSL errors; the text is the first one's reason.
Error openssl_error(ErrorCode code, std::string doing);

}  // namespace porchlight::http
