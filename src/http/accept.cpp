// SPDX-License-Identifier: Apache-2.0
#include "http/accept.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>

namespace porchlight::http {
namespace {

std::string ip_text(const sockaddr_storage& storage) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (storage.ss_family == AF_INET) {
    sockaddr_in ipv4{};
    std::memcpy(&ipv4, &storage, sizeof ipv4);
    ::inet_ntop(AF_INET, &ipv4.sin_addr, text.data(), text.size());
  } else {
    sockaddr_in6 ipv6{};
    std::memcpy(&ipv6, &storage, sizeof ipv6);
    ::inet_ntop(AF_INET6, &ipv6.sin6_addr, text.data(), text.size());
    // Through a socket for both families IPv4 looks like this, and one client must have one name.
    if (IN6_IS_ADDR_V4MAPPED(&ipv6.sin6_addr))
      ::inet_ntop(AF_INET, ipv6.sin6_addr.s6_addr + 12, text.data(), text.size());
  }
  return text.data();
}

Peer unix_peer(int fd) {
  Peer peer{.listener = Listener::unix_socket, .address = {}};
  // struct ucred, spelt out: the type needs _GNU_SOURCE, which g++ defines.
  ucred credentials{};
  socklen_t size = sizeof credentials;
  if (::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0)
    credentials.uid = static_cast<uid_t>(-1);
  peer.uid = credentials.uid;
  peer.gid = credentials.gid;
  peer.pid = credentials.pid;
  peer.address = "uid:" + std::to_string(peer.uid);
  return peer;
}

Peer tcp_peer(int fd, const sockaddr_storage& storage) {
  const int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return Peer{.address = ip_text(storage)};
}

bool out_of_something(int errnum) {
  return errnum == EMFILE || errnum == ENFILE || errnum == ENOBUFS || errnum == ENOMEM;
}

}  // namespace

AcceptOutcome accept_one(int listening_fd, Listener listener, Accepted& accepted) {
  for (;;) {
    sockaddr_storage storage{};
    socklen_t size = sizeof storage;
    UniqueFd fd(
        ::accept4(listening_fd, reinterpret_cast<sockaddr*>(&storage), &size, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!fd) {
      if (errno == EINTR || errno == ECONNABORTED) continue;
      return out_of_something(errno) ? AcceptOutcome::exhausted : AcceptOutcome::nobody;
    }
    const bool local = listener == Listener::unix_socket;
    accepted.family = local ? AF_UNIX : storage.ss_family;
    accepted.peer = local ? unix_peer(fd.get()) : tcp_peer(fd.get(), storage);
    accepted.peer.listener = listener;
    accepted.fd = std::move(fd);
    return AcceptOutcome::accepted;
  }
}

void turn_away(UniqueFd fd) {
  static constexpr std::string_view text =
      "HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nRetry-After: 5\r\nContent-Length: 0\r\n\r\n";
  [[maybe_unused]] const auto sent = ::send(fd.get(), text.data(), text.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  ::shutdown(fd.get(), SHUT_WR);
  // What has come in already would turn the close into a reset that overtakes the answer.
  std::array<char, 4096> discarded;
  while (::recv(fd.get(), discarded.data(), discarded.size(), MSG_DONTWAIT) > 0) {
  }
}

}  // namespace porchlight::http
