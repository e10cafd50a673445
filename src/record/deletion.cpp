// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <cerrno>
#include <map>

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

using Folders = std::map<std::filesystem::path, std::vector<store::Segment>>;

void leave(const std::vector<store::Segment>& rows, const Error& why, Deletions& done) {
  for (const auto& row : rows) done.left.push_back({row.id, why});
}

Folders unlink_files(const std::vector<store::Segment>& rows, const Volume& volume, Deletions& done) {
  Folders folders;
  for (const auto& row : rows) {
    const auto path = volume.folder() / row.file;
    if (auto status = unlink_file(path); !status)
      leave({row}, status.error(), done);
    else
      folders[path.parent_path()].push_back(row);
  }
  return folders;
}

// Of a folder that cannot be synced the files may come back.
void sync_folders(Folders& folders, Deletions& done) {
  std::erase_if(folders, [&](const auto& entry) {
    std::error_code ignored;
    if (!std::filesystem::exists(entry.first, ignored)) return false;
    auto status = sync_folder(entry.first);
    if (!status) leave(entry.second, status.error(), done);
    return !status;
  });
}

}  // namespace

// A file whose row is still there is deleted again at the next start; one whose row is gone would come back
// as found: so the folder is synced in between.
Result<Deletions> finish_deletions(store::SegmentIndex& index, const Volume& volume, std::int64_t after) {
  auto rows = index.in_state(store::SegmentState::deleting, at_once, after);
  if (!rows) return std::move(rows).error();
  Deletions done;
  if (rows->empty()) return done;
  done.last = rows->back().id;
  auto folders = unlink_files(*rows, volume, done);
  sync_folders(folders, done);
  for (const auto& [folder, gone] : folders) {
    for (const auto& row : gone) {
      done.went.push_back(row.id);
      done.bytes += row.bytes;
    }
  }
  if (auto status = index.end_delete(done.went); !status) return std::move(status).error();
  for (const auto& [folder, gone] : folders) remove_if_empty(folder);
  return done;
}

}  // namespace porchlight::record
