// SPDX-License-Identifier: Apache-2.0
#include "segment_file_write.hpp"

#include <unistd.h>

#include <cerrno>

namespace porchlight::record {

Status write_at(int fd, std::uint64_t at, std::string_view bytes, const std::filesystem::path& file) {
  while (!bytes.empty()) {
    const auto done = ::pwrite(fd, bytes.data(), bytes.size(), static_cast<::off_t>(at));
    if (done < 0 && errno == EINTR) continue;
    if (done < 0) return errno_error(errno, "write '" + file.string() + "'");
    bytes.remove_prefix(static_cast<std::size_t>(done));
    at += static_cast<std::uint64_t>(done);
  }
  return {};
}

}  // namespace porchlight::record
