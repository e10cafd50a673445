// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <memory>
#include <mutex>

#include "http/certificate.hpp"
#include "http/openssl.hpp"
#include "porchlight/http/tls.hpp"

namespace porchlight::http {

// What handshakes are made from: TLS 1.2 and 1.3, tickets instead of a session cache, ALPN http/1.1
// only, and as little memory per idle connection as the library allows.
Result<SslContextPtr> make_context(const Identity& identity);

struct Credentials::State {
  State(TlsOptions given, const Clock& with) : options(std::move(given)), clock(with) {}

  SslContextPtr context() const {
    const std::lock_guard lock(mutex);
    return current;
  }

  // const after construction
  const TlsOptions options;
  const Clock& clock;
  // any thread
  std::atomic<TlsMode> shown{options.mode};
  // any thread, under the mutex
  mutable std::mutex mutex;
  SslContextPtr current;
  std::string certificate_pem;
  std::string authority_pem;
  std::string fault;
  WallTime expires{};
};

}  // namespace porchlight::http
