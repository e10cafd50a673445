// SPDX-License-Identifier: Apache-2.0
#include "store/folder.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "porchlight/base/unique_fd.hpp"

namespace porchlight::store {

Status sync_folder(const std::filesystem::path& folder) {
  UniqueFd fd(::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd) return errno_error(errno, "open '" + folder.string() + "'");
  if (::fsync(fd.get()) != 0) return errno_error(errno, "sync '" + folder.string() + "'");
  return {};
}

Status make_folder(const std::filesystem::path& folder) {
  std::error_code failed;
  if (folder.empty() || std::filesystem::is_directory(folder, failed)) return {};
  if (folder.parent_path() != folder)
    if (auto status = make_folder(folder.parent_path()); !status) return status;
  if (::mkdir(folder.c_str(), 0750) != 0) {
    if (errno == EEXIST && std::filesystem::is_directory(folder, failed)) return {};
    return errno_error(errno, "create folder '" + folder.string() + "'");
  }
  if (::chmod(folder.c_str(), 0750) != 0) return errno_error(errno, "chmod '" + folder.string() + "'");
  return sync_folder(folder.parent_path());
}

}  // namespace porchlight::store
