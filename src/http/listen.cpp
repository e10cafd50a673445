// SPDX-License-Identifier: Apache-2.0
#include "http/listen.hpp"

#include <arpa/inet.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <optional>

namespace porchlight::http {
namespace {

constexpr int backlog = 128;
constexpr mode_t group_may_talk = 0660;

std::optional<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return port;
}

bool fill_ipv4(const std::string& host, std::uint16_t port, ListenAddress& address) {
  sockaddr_in ipv4{};
  if (::inet_pton(AF_INET, host.c_str(), &ipv4.sin_addr) != 1) return false;
  ipv4.sin_family = AF_INET;
  ipv4.sin_port = htons(port);
  std::memcpy(&address.storage, &ipv4, sizeof ipv4);
  address.size = sizeof ipv4;
  return true;
}

bool fill_ipv6(const std::string& host, std::uint16_t port, ListenAddress& address) {
  sockaddr_in6 ipv6{};
  if (::inet_pton(AF_INET6, host.c_str(), &ipv6.sin6_addr) != 1) return false;
  ipv6.sin6_family = AF_INET6;
  ipv6.sin6_port = htons(port);
  std::memcpy(&address.storage, &ipv6, sizeof ipv6);
  address.size = sizeof ipv6;
  return true;
}

std::optional<ListenAddress> split_and_fill(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const auto port = parse_port(text.substr(colon + 1));
  std::string host(text.substr(0, colon));
  if (!port || host.empty()) return std::nullopt;
  ListenAddress address;
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
    if (!fill_ipv6(host.substr(1, host.size() - 2), *port, address)) return std::nullopt;
    return address;
  }
  if (host == "localhost") host = "127.0.0.1";
  if (!fill_ipv4(host, *port, address)) return std::nullopt;
  return address;
}

std::string doing(std::string_view path) {
  return "listen on '" + std::string(path) + "'";
}

Error bind_error(int errnum, std::string_view where) {
  if (errnum == EADDRINUSE) {
    return Error(ErrorCode::already_exists, doing(where) + ": another program listens there");
  }
  return errno_error(errnum, doing(where));
}

Result<sockaddr_un> unix_address(const std::filesystem::path& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.native().size() >= sizeof address.sun_path) {
    return Error(ErrorCode::invalid_argument, doing(path.native()) + ": a socket's path has at most " +
                                                  std::to_string(sizeof address.sun_path - 1) +
                                                  " bytes, use a shorter storage.path");
  }
  std::memcpy(address.sun_path, path.c_str(), path.native().size());
  return address;
}

const sockaddr* as_sockaddr(const sockaddr_un& address) {
  return reinterpret_cast<const sockaddr*>(&address);
}

// Makes way for bind(): only a socket that refuses connections may go.
Status remove_stale(const std::filesystem::path& path, const sockaddr_un& address) {
  struct ::stat info {};
  if (::lstat(path.c_str(), &info) != 0) {
    return errno == ENOENT ? Status{} : Status{errno_error(errno, doing(path.native()))};
  }
  if (!S_ISSOCK(info.st_mode)) {
    return Error(ErrorCode::already_exists, doing(path.native()) + ": the file there is not a socket");
  }
  const UniqueFd probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!probe) return errno_error(errno, doing(path.native()));
  const int outcome = ::connect(probe.get(), as_sockaddr(address), sizeof address);
  // EAGAIN is a full backlog: somebody listens, however slowly.
  if (outcome == 0 || errno == EAGAIN) {
    return Error(ErrorCode::already_exists, doing(path.native()) + ": another porchlight answers there");
  }
  if (errno != ECONNREFUSED) return errno_error(errno, doing(path.native()));
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) return errno_error(errno, doing(path.native()));
  return {};
}

}  // namespace

bool ListenAddress::is_loopback() const noexcept {
  if (storage.ss_family == AF_INET) {
    sockaddr_in ipv4{};
    std::memcpy(&ipv4, &storage, sizeof ipv4);
    return (ntohl(ipv4.sin_addr.s_addr) >> 24) == 127;
  }
  sockaddr_in6 ipv6{};
  std::memcpy(&ipv6, &storage, sizeof ipv6);
  return IN6_IS_ADDR_LOOPBACK(&ipv6.sin6_addr);
}

Result<ListenAddress> parse_listen_address(std::string_view text) {
  const auto address = split_and_fill(text);
  if (!address) {
    return Error(ErrorCode::invalid_argument,
                 "'" + std::string(text) + "' is not an address with a port, such as 127.0.0.1:8000");
  }
  return *address;
}

Result<UniqueFd> listen_tcp(std::string_view text) {
  auto address = parse_listen_address(text);
  if (!address) return std::move(address).error().context("listen");
  UniqueFd fd(::socket(address->storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd) return errno_error(errno, doing(text));
  const int on = 1;
  ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address->storage), address->size) != 0 ||
      ::listen(fd.get(), backlog) != 0) {
    return bind_error(errno, text);
  }
  return fd;
}

std::uint16_t bound_port(int fd) {
  sockaddr_storage storage{};
  socklen_t size = sizeof storage;
  if (::getsockname(fd, reinterpret_cast<sockaddr*>(&storage), &size) != 0) return 0;
  // The port lies at the same place in sockaddr_in and sockaddr_in6.
  sockaddr_in address{};
  std::memcpy(&address, &storage, sizeof address);
  return ntohs(address.sin_port);
}

Result<SocketFile> SocketFile::listen(const std::filesystem::path& path) {
  const auto address = unix_address(path);
  if (!address) return address.error();
  if (auto status = remove_stale(path, *address); !status) return std::move(status).error();
  UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd) return errno_error(errno, doing(path.native()));
  // Linux gives the file the socket's mode less the umask: it is never wider than it shall be. The
  // chmod afterwards takes the umask's cut back.
  ::fchmod(fd.get(), group_may_talk);
  if (::bind(fd.get(), as_sockaddr(*address), sizeof *address) != 0) return bind_error(errno, path.native());
  SocketFile file(std::move(fd), path);
  if (::chmod(path.c_str(), group_may_talk) != 0 || ::listen(file.fd(), backlog) != 0) {
    return errno_error(errno, doing(path.native()));
  }
  return file;
}

SocketFile::SocketFile(UniqueFd fd, std::filesystem::path path) : fd_(std::move(fd)), path_(std::move(path)) {
  struct ::stat info {};
  if (::lstat(path_.c_str(), &info) != 0) return;
  device_ = info.st_dev;
  inode_ = info.st_ino;
}

SocketFile::~SocketFile() {
  struct ::stat info {};
  if (!fd_ || ::lstat(path_.c_str(), &info) != 0) return;
  if (info.st_dev == device_ && info.st_ino == inode_) ::unlink(path_.c_str());
}

}  // namespace porchlight::http
