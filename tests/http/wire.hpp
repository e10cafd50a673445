// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "http/openssl.hpp"
#include "porchlight/base/unique_fd.hpp"

namespace porchlight::http::test {

struct Reply {
  int status = 0;  // 0: the stream ended or stayed silent before a whole reply came
  std::map<std::string, std::string> headers;  // names in lower case
  std::string head;
  std::string body;
};

enum class Body { expected, none };  // none: the answer to HEAD

struct TlsClient {
  std::string authority{};  // PEM; only what it signed is trusted
  std::string name = "localhost";
  int version = 0;                         // 0: whatever both can
  std::string protocols = "\x08http/1.1";  // ALPN; empty: none are offered
  SSL_SESSION* resume = nullptr;
};

// A client without any cleverness of its own: bytes out, bytes in. Reads give up after five seconds.
class Wire {
 public:
  static Wire tcp(std::uint16_t port, const char* from = "127.0.0.1");
  static Wire not_yet_connected();
  bool connect(std::uint16_t port) const;
  static Wire unix_socket(const std::filesystem::path& path);

  // Over this connection; false when the handshake failed or the certificate was not good.
  bool secure(const TlsClient& client);
  SSL* tls() const { return ssl_.get(); }

  int fd() const { return fd_.get(); }
  bool connected() const { return static_cast<bool>(fd_); }
  bool send(std::string_view bytes) const;
  Reply reply(Body body = Body::expected);
  Reply ask(std::string_view bytes) {
    send(bytes);
    return reply();
  }
  // Everything up to the end of the stream; `ended` is false when it stayed open.
  std::string rest(bool* ended = nullptr);
  // What is there now.
  std::string some() {
    fill();
    return std::exchange(received_, {});
  }
  bool readable_within(int milliseconds) const;
  void close() {
    ssl_.reset();
    fd_.reset();
  }
  void end_output() const;

 private:
  explicit Wire(UniqueFd fd) : fd_(std::move(fd)) {}
  bool fill();  // false at the end of the stream or after silence
  UniqueFd fd_;
  SslPtr ssl_;
  std::string received_;
  bool ended_ = false;
};

// GET with a Host, as short as it may be.
std::string get(std::string_view target, std::string_view more_headers = {});

}  // namespace porchlight::http::test
