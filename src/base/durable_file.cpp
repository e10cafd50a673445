// SPDX-License-Identifier: Apache-2.0
#include "porchlight/base/durable_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "porchlight/base/unique_fd.hpp"

namespace porchlight {
namespace {

Error file_error(std::string_view verb, const std::filesystem::path& path) {
  return errno_error(errno, std::string(verb) + " '" + path.string() + "'");
}

Status write_all(int fd, std::span<const std::byte> bytes, const std::filesystem::path& path) {
  while (!bytes.empty()) {
    const auto written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0) {
      if (errno == EINTR) continue;
      return file_error("write", path);
    }
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
  return {};
}

Status sync_folder(const std::filesystem::path& folder) {
  UniqueFd fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd) return file_error("open", folder);
  if (::fsync(fd.get()) != 0) return file_error("sync", folder);
  return {};
}

Status write_and_rename(const std::filesystem::path& part, const std::filesystem::path& path,
                        std::span<const std::byte> bytes, ::mode_t mode) {
  ::unlink(part.c_str());  // one that a crash left may have another mode
  UniqueFd fd(::open(part.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode));
  if (!fd) return file_error("open", part);
  if (auto status = write_all(fd.get(), bytes, part); !status) return status;
  if (::fdatasync(fd.get()) != 0) return file_error("sync", part);
  fd.reset();
  if (::rename(part.c_str(), path.c_str()) != 0) return file_error("rename", part);
  return {};
}

}  // namespace

Status write_durably(const std::filesystem::path& path, std::span<const std::byte> bytes, ::mode_t mode) {
  auto part = path;
  part += ".part";
  if (auto status = write_and_rename(part, path, bytes, mode); !status) {
    ::unlink(part.c_str());  // a full disk must not stay fuller
    return status;
  }
  const auto folder = path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
  return sync_folder(folder);
}

Result<std::string> read_whole_file(const std::filesystem::path& path, std::size_t limit,
                                    struct ::stat* info_out) {
  UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!fd) return file_error("open", path);
  struct stat info {};
  if (::fstat(fd.get(), &info) != 0) return file_error("stat", path);
  if (S_ISDIR(info.st_mode)) return errno_error(EISDIR, "read '" + path.string() + "'");
  if (info_out != nullptr) *info_out = info;
  std::string text;
  char block[65536];
  for (;;) {
    const auto got = ::read(fd.get(), block, sizeof block);
    if (got < 0) {
      if (errno == EINTR) continue;
      return file_error("read", path);
    }
    if (got == 0) return text;
    if (text.size() + static_cast<std::size_t>(got) > limit)
      return Error(ErrorCode::resource,
                   "read '" + path.string() + "': larger than " + std::to_string(limit) + " bytes");
    text.append(block, static_cast<std::size_t>(got));
  }
}

}  // namespace porchlight
