// SPDX-License-Identifier: Apache-2.0
#include "app/new_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "porchlight/base/unique_fd.hpp"

namespace porchlight::app {

Status write_new_file(const std::string& path, std::string_view text) {
  const UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0640));
  if (!fd) return errno_error(errno, "write '" + path + "'");
  while (!text.empty()) {
    const auto written = ::write(fd.get(), text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) {
      const int fault = errno;
      ::unlink(path.c_str());
      return errno_error(fault, "write '" + path + "'");
    }
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

}  // namespace porchlight::app
