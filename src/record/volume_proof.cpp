// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <random>
#include <span>
#include <vector>

#include "porchlight/base/unique_fd.hpp"
#include "porchlight/record/volume.hpp"

namespace porchlight::record {
namespace {

constexpr std::size_t bytes = 64 << 10;

// Not those of the last time, whose blocks the file system may hand out again.
std::vector<std::uint8_t> new_bytes() {
  std::minstd_rand numbers(std::random_device{}());
  std::vector<std::uint8_t> made(bytes);
  for (auto& byte : made) byte = static_cast<std::uint8_t>(numbers() >> 8);
  return made;
}

Status write_all(int fd, std::span<const std::uint8_t> rest) {
  while (!rest.empty()) {
    const auto written = ::write(fd, rest.data(), rest.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return errno_error(errno, "write");
    rest = rest.subspan(static_cast<std::size_t>(written));
  }
  return {};
}

Status read_back(int fd, std::span<const std::uint8_t> expected) {
  // Out of the kernel's memory, as far as it lets itself be told, so that the medium answers.
  ::posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
  std::vector<std::uint8_t> found(expected.size());
  std::size_t done = 0;
  while (done < found.size()) {
    const auto got = ::pread(fd, found.data() + done, found.size() - done, static_cast<off_t>(done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return errno_error(errno, "read");
    if (got == 0) break;
    done += static_cast<std::size_t>(got);
  }
  if (done == found.size() && std::equal(found.begin(), found.end(), expected.begin())) return {};
  return Error(ErrorCode::corrupt, "what was written is not what is read");
}

Status write_and_read(int fd) {
  const auto written = new_bytes();
  if (auto status = write_all(fd, written); !status) return status;
  if (::fsync(fd) != 0) return errno_error(errno, "sync");
  return read_back(fd, written);
}

}  // namespace

Status Volume::prove() const {
  const auto file = folder_ / proof_file;
  const auto about = "prove '" + file.string() + "'";
  const UniqueFd fd(::open(file.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0640));
  if (!fd) return errno_error(errno, about);
  auto status = write_and_read(fd.get());
  const bool gone = ::unlink(file.c_str()) == 0;
  if (status && !gone) status = errno_error(errno, "remove");
  if (status) return {};
  return std::move(status).error().context(about);
}

}  // namespace porchlight::record
