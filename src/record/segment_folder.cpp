// SPDX-License-Identifier: Apache-2.0
#include "segment_folder.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "porchlight/base/unique_fd.hpp"

namespace porchlight::record {
namespace {

Error failed(std::string_view verb, const std::filesystem::path& path) {
  return errno_error(errno, std::string(verb) + " '" + path.string() + "'");
}

Status make_folder(const std::filesystem::path& folder, const SyncMeter& meter) {
  struct ::stat info {};
  if (::stat(folder.c_str(), &info) == 0) {
    if (S_ISDIR(info.st_mode)) return {};
    errno = ENOTDIR;
    return failed("make folder", folder);
  }
  if (errno != ENOENT) return failed("stat", folder);
  if (::mkdir(folder.c_str(), 0750) != 0) return failed("make folder", folder);
  auto status = ::chmod(folder.c_str(), 0750) == 0
                    ? sync_folder(folder.parent_path(), meter)  // whatever the umask
                    : Status(failed("chmod", folder));
  // The next time it would be taken for one that is on the medium.
  if (!status) ::rmdir(folder.c_str());
  return status;
}

}  // namespace

Status sync_folder(const std::filesystem::path& folder, const SyncMeter& meter) {
  const UniqueFd fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd) return failed("open", folder);
  if (timed(meter, [&] { return ::fsync(fd.get()); }) != 0) return failed("sync", folder);
  return {};
}

Status make_folders(const std::filesystem::path& folder, const std::filesystem::path& beneath,
                    const SyncMeter& meter) {
  auto path = folder;
  for (const auto& part : beneath) {
    path /= part;
    if (auto status = make_folder(path, meter); !status) return status;
  }
  return {};
}

Status settle_name(const std::filesystem::path& from, const std::filesystem::path& to,
                   const SyncMeter& meter) {
  // Nobody else gives names in this folder, so looking first is enough; not every file system can do both at
  // once.
  struct ::stat info {};
  if (::lstat(to.c_str(), &info) == 0) errno = EEXIST;
  if (errno != ENOENT) return failed("look for", to);
  if (::rename(from.c_str(), to.c_str()) != 0) return failed("rename", from);
  return sync_folder(to.parent_path(), meter);
}

}  // namespace porchlight::record
