// SPDX-License-Identifier: Apache-2.0
#include "porchlight/record/volume_lock.hpp"

#include <fcntl.h>
#include <sys/file.h>

#include <cerrno>

#include "porchlight/record/volume.hpp"

namespace porchlight::record {

Result<VolumeLock> VolumeLock::take(const std::filesystem::path& folder) {
  const auto file = folder / Volume::identity_file;
  UniqueFd fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return errno_error(errno, "open '" + file.string() + "'");
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) == 0) return VolumeLock(std::move(fd));
  if (errno != EWOULDBLOCK) return errno_error(errno, "lock '" + file.string() + "'");
  return Error(ErrorCode::unavailable,
               "a daemon records into '" + folder.string() + "', or its footage is being repaired");
}

// Shared, and let go at once: a daemon that starts in this instant tries again.
bool VolumeLock::is_taken(const std::filesystem::path& folder) {
  const UniqueFd fd(::open((folder / Volume::identity_file).c_str(), O_RDONLY | O_CLOEXEC));
  return fd && ::flock(fd.get(), LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
}

}  // namespace porchlight::record
