// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <cerrno>
#include <set>

#include "porchlight/record/recovery.hpp"
#include "record/segment_folder.hpp"

namespace porchlight::record {
namespace {

constexpr std::size_t at_once = 64;

Status unlink_file(const std::filesystem::path& path) {
  if (::unlink(path.c_str()) == 0 || errno == ENOENT) return {};
  return errno_error(errno, "delete '" + path.string() + "'");
}

// Yesterday's folder gets no new file any more; today's may be about to.
void remove_if_empty(const std::filesystem::path& folder) {
  const auto today = rfc3339(SystemClock().wall() - std::chrono::hours(48)).substr(0, 10);
  const auto name = folder.filename().string();
  if (name.size() != today.size() || name >= today) return;
  if (::rmdir(folder.c_str()) == 0) (void)sync_folder(folder.parent_path());
}

}  // namespace

// A file whose row is still there is deleted again at the next start; one whose row is gone would come back
// as found: so the folder is synced in between.
Result<std::uint64_t> finish_deletions(store::SegmentIndex& index, const Volume& volume) {
  auto rows = index.in_state(store::SegmentState::deleting, at_once);
  if (!rows) return std::move(rows).error();
  std::set<std::filesystem::path> folders;
  std::vector<std::int64_t> ids;
  for (const auto& row : *rows) {
    const auto path = volume.folder() / row.file;
    if (auto status = unlink_file(path); !status) return std::move(status).error();
    folders.insert(path.parent_path());
    ids.push_back(row.id);
  }
  std::error_code ignored;
  for (const auto& folder : folders)
    if (std::filesystem::exists(folder, ignored))
      if (auto status = sync_folder(folder); !status) return std::move(status).error();
  if (auto status = index.end_delete(ids); !status) return std::move(status).error();
  for (const auto& folder : folders) remove_if_empty(folder);
  return std::uint64_t{ids.size()};
}

}  // namespace porchlight::record
