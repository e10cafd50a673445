// SPDX-License-Identifier: Apache-2.0
#include "http/tls_context.hpp"

#include <string_view>

namespace porchlight::http {
namespace {

constexpr const char* ciphers_of_1_2 = "ECDHE+AESGCM:ECDHE+CHACHA20";
constexpr std::string_view our_protocol = "\x08http/1.1";

// A client that offers protocols but not ours is refused: guessing is how one protocol's bytes get
// read as another's.
int choose_protocol(SSL*, const unsigned char** chosen, unsigned char* size, const unsigned char* offered,
                    unsigned int offered_size, void*) {
  unsigned char* found = nullptr;
  const auto* ours = reinterpret_cast<const unsigned char*>(our_protocol.data());
  const int outcome = SSL_select_next_proto(&found, size, ours, our_protocol.size(), offered, offered_size);
  *chosen = found;
  return outcome == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

void restrain(SSL_CTX& context) {
  SSL_CTX_set_min_proto_version(&context, TLS1_2_VERSION);
  SSL_CTX_set_cipher_list(&context, ciphers_of_1_2);
  SSL_CTX_set_options(&context,
                      SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_IGNORE_UNEXPECTED_EOF);
  SSL_CTX_set_mode(&context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                 SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_session_cache_mode(&context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(&context, 1);
  SSL_CTX_set_alpn_select_cb(&context, choose_protocol, nullptr);
}

bool take(SSL_CTX& context, const Identity& identity) {
  if (SSL_CTX_use_certificate(&context, identity.certificate.get()) != 1) return false;
  if (SSL_CTX_use_PrivateKey(&context, identity.key.get()) != 1) return false;
  for (const auto& link : identity.chain) {
    if (SSL_CTX_add1_chain_cert(&context, link.get()) != 1) return false;
  }
  return true;
}

}  // namespace

Result<SslContextPtr> make_context(const Identity& identity) {
  SslContextPtr context(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
  if (!context) return openssl_error(ErrorCode::internal, "set up TLS");
  restrain(*context);
  if (!take(*context, identity)) return openssl_error(ErrorCode::invalid_argument, "take the certificate");
  return context;
}

}  // namespace porchlight::http
