// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <utility>

#include "porchlight/base/result.hpp"
#include "porchlight/base/unique_fd.hpp"

namespace porchlight::record {

// One writer per volume: a flock on its identity file, held by the daemon that records into it and by
// `footage check --repair` while it mends. Goes with the object, or with the process.
class VolumeLock {
 public:
  // ErrorCode::unavailable when somebody else holds it.
  static Result<VolumeLock> take(const std::filesystem::path& folder);
  // At this moment. Whoever takes it in the same instant is refused and tries again.
  static bool is_taken(const std::filesystem::path& folder);

 private:
  explicit VolumeLock(UniqueFd fd) : fd_(std::move(fd)) {}
  UniqueFd fd_;
};

}  // namespace porchlight::record
