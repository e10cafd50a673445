// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "porchlight/base/result.hpp"
#include "porchlight/base/unique_fd.hpp"

namespace porchlight::http {

// A numeric address with port, or `localhost:PORT`.
struct ListenAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;
  bool is_loopback() const noexcept;
};

// `127.0.0.1:8000`, `[::1]:8000`, `0.0.0.0:8000`. Fails with invalid_argument.
Result<ListenAddress> parse_listen_address(std::string_view text);

// Non-blocking, close-on-exec, listening.
Result<UniqueFd> listen_tcp(std::string_view text);
std::uint16_t bound_port(int fd);

// The control socket's file, mode 0660 from its first instant. Removed when the last owner goes,
// unless somebody has put another one in its place.
class SocketFile {
 public:
  // A file that nobody answers is replaced; one that answers, or is no socket, is refused.
  static Result<SocketFile> listen(const std::filesystem::path& path);
  SocketFile() = default;
  SocketFile(SocketFile&&) noexcept = default;
  SocketFile& operator=(SocketFile&&) noexcept = default;
  ~SocketFile();
  int fd() const noexcept { return fd_.get(); }

 private:
  SocketFile(UniqueFd fd, std::filesystem::path path);
  UniqueFd fd_;
  std::filesystem::path path_;
  dev_t device_ = 0;
  ino_t inode_ = 0;
};

}  // namespace porchlight::http
