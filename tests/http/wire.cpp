// SPDX-License-Identifier: Apache-2.0
#include "http/wire.hpp"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include <array>
#include <cstdlib>
#include <cstring>

#include "http/socket_bio.hpp"
#include "http/text.hpp"

namespace porchlight::http::test {
namespace {

void set_patience(int fd) {
  const timeval patience{.tv_sec = 5, .tv_usec = 0};
  ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  ::setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
}

sockaddr_in loopback(const char* address, std::uint16_t port) {
  sockaddr_in result{};
  result.sin_family = AF_INET;
  result.sin_port = htons(port);
  ::inet_pton(AF_INET, address, &result.sin_addr);
  return result;
}

}  // namespace

Wire Wire::not_yet_connected() {
  UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  set_patience(fd.get());
  return Wire(std::move(fd));
}

bool Wire::connect(std::uint16_t port) const {
  const auto target = loopback("127.0.0.1", port);
  return ::connect(fd_.get(), reinterpret_cast<const sockaddr*>(&target), sizeof target) == 0;
}

Wire Wire::tcp(std::uint16_t port, const char* from) {
  auto wire = not_yet_connected();
  const auto source = loopback(from, 0);
  const bool bound = ::bind(wire.fd_.get(), reinterpret_cast<const sockaddr*>(&source), sizeof source) == 0;
  if (!bound || !wire.connect(port)) wire.close();
  return wire;
}

Wire Wire::unix_socket(const std::filesystem::path& path) {
  UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  set_patience(fd.get());
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
  if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) fd.reset();
  return Wire(std::move(fd));
}

bool Wire::secure(const TlsClient& client) {
  const std::unique_ptr<SSL_CTX, Releases<SSL_CTX_free>> context(SSL_CTX_new(TLS_client_method()));
  if (client.version != 0) {
    // At level 0, so that it is the server who refuses what is too old.
    SSL_CTX_set_security_level(context.get(), 0);
    SSL_CTX_set_min_proto_version(context.get(), client.version);
    SSL_CTX_set_max_proto_version(context.get(), client.version);
  }
  const BioPtr pem(BIO_new_mem_buf(client.authority.data(), static_cast<int>(client.authority.size())));
  const CertificatePtr authority(PEM_read_bio_X509(pem.get(), nullptr, nullptr, nullptr));
  if (authority) X509_STORE_add_cert(SSL_CTX_get_cert_store(context.get()), authority.get());
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  if (!client.protocols.empty())
    SSL_CTX_set_alpn_protos(context.get(), reinterpret_cast<const unsigned char*>(client.protocols.data()),
                            static_cast<unsigned>(client.protocols.size()));
  ssl_.reset(SSL_new(context.get()));
  auto* bio = new_socket_bio(fd_.get());
  SSL_set_bio(ssl_.get(), bio, bio);
  auto* param = SSL_get0_param(ssl_.get());
  if (X509_VERIFY_PARAM_set1_ip_asc(param, client.name.c_str()) != 1)
    SSL_set1_host(ssl_.get(), client.name.c_str());
  if (client.resume != nullptr) SSL_set_session(ssl_.get(), client.resume);
  const bool shaken = SSL_connect(ssl_.get()) == 1;
  ERR_clear_error();
  return shaken;
}

bool Wire::send(std::string_view bytes) const {
  while (!bytes.empty()) {
    const auto sent = ssl_ ? SSL_write(ssl_.get(), bytes.data(), static_cast<int>(bytes.size()))
                           : ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

bool Wire::fill() {
  std::array<char, 65536> bytes;
  errno = 0;
  const auto size = ssl_ ? SSL_read(ssl_.get(), bytes.data(), bytes.size())
                         : ::recv(fd_.get(), bytes.data(), bytes.size(), 0);
  // A reset is an end, too.
  if (size == 0 || (size < 0 && errno != EAGAIN)) ended_ = true;
  if (size <= 0) return false;
  received_.append(bytes.data(), static_cast<std::size_t>(size));
  return true;
}

Reply Wire::reply(Body body) {
  std::size_t end = 0;
  while ((end = received_.find("\r\n\r\n")) == std::string::npos) {
    if (!fill()) return {};
  }
  Reply reply;
  reply.head = received_.substr(0, end + 2);
  received_.erase(0, end + 4);
  if (!reply.head.starts_with("HTTP/1.1 ")) return {};
  for (auto at = reply.head.find("\r\n") + 2; at < reply.head.size();) {
    const auto stop = reply.head.find("\r\n", at);
    const auto line = std::string_view(reply.head).substr(at, stop - at);
    const auto colon = line.find(": ");
    std::string name(line.substr(0, colon));
    for (auto& c : name) c = lower(c);
    reply.headers[name] = line.substr(colon + 2);
    at = stop + 2;
  }
  const auto announced = reply.headers.find("content-length");
  const auto length =
      body == Body::none || announced == reply.headers.end() ? 0 : std::stoul(announced->second);
  while (received_.size() < length) {
    if (!fill()) return {};
  }
  reply.body = received_.substr(0, length);
  received_.erase(0, length);
  reply.status = std::atoi(reply.head.c_str() + std::strlen("HTTP/1.1 "));
  return reply;
}

std::string Wire::rest(bool* ended) {
  while (fill()) {
  }
  if (ended != nullptr) *ended = ended_;
  return std::exchange(received_, {});
}

bool Wire::readable_within(int milliseconds) const {
  if (!received_.empty() || (ssl_ && SSL_pending(ssl_.get()) > 0)) return true;
  pollfd waiting{.fd = fd_.get(), .events = POLLIN, .revents = 0};
  return ::poll(&waiting, 1, milliseconds) > 0;
}

void Wire::end_output() const {
  ::shutdown(fd_.get(), SHUT_WR);
}

std::string get(std::string_view target, std::string_view more_headers) {
  return "GET " + std::string(target) + " HTTP/1.1\r\nHost: localhost\r\n" + std::string(more_headers) +
         "\r\n";
}

}  // namespace porchlight::http::test
