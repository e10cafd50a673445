// SPDX-License-Identifier: Apache-2.0
#include "notify/mqtt_tls.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <utility>

namespace porchlight::notify {
namespace {

constexpr const char* system_authorities = "/etc/ssl/certs";

// A key with a pass phrase would make OpenSSL ask on the terminal.
int no_pass_phrase(char*, int, int, void*) {
  return 0;
}

Error openssl_error(const std::string& doing) {
  const auto* reason = ::ERR_reason_error_string(::ERR_peek_last_error());
  ::ERR_clear_error();
  return Error(ErrorCode::auth, doing + ": " + (reason == nullptr ? "OpenSSL does not say why" : reason));
}

}  // namespace

// Called by OpenSSL inside a handshake, on the owner's thread.
struct MqttTls::Callbacks {
  static MqttTls& self(const SSL* ssl) {
    return *static_cast<MqttTls*>(SSL_CTX_get_app_data(::SSL_get_SSL_CTX(ssl)));
  }

  // libmosquitto has set its address as the name to ask for; the greeting is not written yet.
  static void noticed(const SSL* ssl, int where, int) {
    const auto& it = self(ssl);
    if ((where & SSL_CB_HANDSHAKE_START) != 0 && it.has_name_)
      SSL_set_tlsext_host_name(const_cast<SSL*>(ssl), it.host_.c_str());
  }

  static int verified(int good, X509_STORE_CTX* store) {
    if (good == 1) return good;
    const auto* ssl =
        static_cast<const SSL*>(::X509_STORE_CTX_get_ex_data(store, ::SSL_get_ex_data_X509_STORE_CTX_idx()));
    self(ssl).refusal_ = ::X509_verify_cert_error_string(::X509_STORE_CTX_get_error(store));
    return good;
  }
};

void MqttTls::Free::operator()(ssl_ctx_st* context) const noexcept {
  ::SSL_CTX_free(context);
}

Result<std::unique_ptr<MqttTls>> MqttTls::create(const MqttOptions& options) {
  std::unique_ptr<MqttTls> made(new MqttTls(options.host));
  if (auto status = made->prepare(options); !status) return std::move(status).error();
  return made;
}

Status MqttTls::prepare(const MqttOptions& options) {
  context_.reset(::SSL_CTX_new(::TLS_client_method()));
  auto* context = context_.get();
  if (context == nullptr) return openssl_error("make a TLS context");
  SSL_CTX_set_app_data(context, this);
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
  ::SSL_CTX_set_verify(context, SSL_VERIFY_PEER, Callbacks::verified);
  ::SSL_CTX_set_info_callback(context, Callbacks::noticed);
  if (!expect_host()) return openssl_error("expect '" + host_ + "' in a certificate");
  return read_files(options);
}

bool MqttTls::expect_host() {
  auto* expected = ::SSL_CTX_get0_param(context_.get());
  has_name_ = ::X509_VERIFY_PARAM_set1_ip_asc(expected, host_.c_str()) != 1;
  ::ERR_clear_error();
  if (!has_name_) return true;
  ::X509_VERIFY_PARAM_set_hostflags(expected, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  return ::X509_VERIFY_PARAM_set1_host(expected, host_.c_str(), host_.size()) == 1;
}

Status MqttTls::read_files(const MqttOptions& options) {
  auto* context = context_.get();
  const int trusted = options.ca_file.empty() ? ::SSL_CTX_load_verify_dir(context, system_authorities)
                                              : ::SSL_CTX_load_verify_file(context, options.ca_file.c_str());
  if (trusted != 1) return openssl_error("read the files of mqtt.tls: ca_file");
  if (options.cert.empty()) return {};
  ::SSL_CTX_set_default_passwd_cb(context, no_pass_phrase);
  if (::SSL_CTX_use_certificate_chain_file(context, options.cert.c_str()) != 1)
    return openssl_error("read the files of mqtt.tls: cert");
  if (::SSL_CTX_use_PrivateKey_file(context, options.key.c_str(), SSL_FILETYPE_PEM) != 1 ||
      ::SSL_CTX_check_private_key(context) != 1)
    return openssl_error("read the files of mqtt.tls: key");
  return {};
}

}  // namespace porchlight::notify
