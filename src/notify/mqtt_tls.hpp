// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "porchlight/base/result.hpp"
#include "porchlight/notify/mqtt_options.hpp"

struct ssl_ctx_st;

namespace porchlight::notify {

// TLS towards the broker. libmosquitto expects in the certificate whatever it was told to connect to, and
// looks a name up with getaddrinfo(), which blocks. So it is given an address, which costs it no look-up, and
// this context of our own, in which OpenSSL expects the configured name and asks for it (SNI). Must outlive
// the connections that use it: several, because libmosquitto keeps a reference for good when it does not come
// as far as the handshake. One thread.
class MqttTls {
 public:
  // auth: a file of `mqtt.tls` cannot be used.
  static Result<std::unique_ptr<MqttTls>> create(const MqttOptions& options);
  MqttTls(const MqttTls&) = delete;
  MqttTls& operator=(const MqttTls&) = delete;

  ssl_ctx_st* context() const noexcept { return context_.get(); }
  // Why the certificate was refused last; empty: it was not.
  const std::string& refusal() const noexcept { return refusal_; }

 private:
  struct Callbacks;
  struct Free {
    void operator()(ssl_ctx_st* context) const noexcept;
  };
  explicit MqttTls(std::string host) : host_(std::move(host)) {}
  Status prepare(const MqttOptions& options);
  Status read_files(const MqttOptions& options);
  bool expect_host();

  const std::string host_;
  bool has_name_ = true;  // and not an address
  std::string refusal_;
  std::unique_ptr<ssl_ctx_st, Free> context_;
};

}  // namespace porchlight::notify
