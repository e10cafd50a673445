// SPDX-License-Identifier: Apache-2.0
#include "record/file_sync.hpp"

#include <cerrno>
#include <cstdio>

#include "record/segment_folder.hpp"

namespace porchlight::record {

Status rename_durably(const std::filesystem::path& from, const std::filesystem::path& to) {
  if (::rename(from.c_str(), to.c_str()) != 0) return errno_error(errno, "rename '" + from.string() + "'");
  return sync_folder(to.has_parent_path() ? to.parent_path() : std::filesystem::path("."));
}

}  // namespace porchlight::record
