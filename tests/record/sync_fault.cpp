// SPDX-License-Identifier: Apache-2.0
#include "sync_fault.hpp"

#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <string>
#include <string_view>

namespace porchlight::record::test {
namespace {

std::atomic<int> to_fail{0};

bool is_part(int fd) {
  std::array<char, 4096> path{};
  const auto link = "/proc/self/fd/" + std::to_string(fd);
  const auto size = ::readlink(link.c_str(), path.data(), path.size());
  return size > 0 && std::string_view(path.data(), static_cast<std::size_t>(size)).ends_with(".part");
}

bool fails(int fd) {
  if (to_fail.load() <= 0 || !is_part(fd)) return false;
  --to_fail;
  return true;
}

}  // namespace

void fail_part_syncs(int count) {
  to_fail = count;
}

int part_syncs_to_fail() {
  return to_fail;
}

}  // namespace porchlight::record::test

// In place of the C library's, in this program.
extern "C" int fdatasync(int fd) {
  if (porchlight::record::test::fails(fd)) {
    errno = EIO;
    return -1;
  }
  return static_cast<int>(::syscall(SYS_fdatasync, fd));
}
