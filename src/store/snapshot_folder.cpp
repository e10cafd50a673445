// SPDX-License-Identifier: Apache-2.0
#include "porchlight/store/snapshot_folder.hpp"

#include <system_error>

#include "porchlight/base/durable_file.hpp"
#include "store/folder.hpp"

namespace porchlight::store {
namespace {

// A 4K picture at the highest quality stays below this.
constexpr std::size_t largest_snapshot = 16 << 20;
constexpr std::size_t largest_clip = 64 << 20;
constexpr const char* clip_ending = ".clip";

}  // namespace

Result<SnapshotFolder> SnapshotFolder::open(const std::filesystem::path& folder) {
  if (auto status = make_folder(folder); !status) return std::move(status).error();
  std::error_code failed;
  for (const auto& entry : std::filesystem::directory_iterator(folder, failed)) {
    std::error_code ignored;
    if (entry.path().extension() == ".part") std::filesystem::remove(entry.path(), ignored);
  }
  if (failed) return errno_error(failed.value(), "read folder '" + folder.string() + "'");
  return SnapshotFolder(folder);
}

std::filesystem::path SnapshotFolder::path_of(const event::EventId& id) const {
  return folder_ / (id.text() + ".jpg");
}

Result<std::string> SnapshotFolder::save(const event::EventId& id, std::span<const std::uint8_t> jpeg) const {
  const auto path = path_of(id);
  if (auto status = write_durably(path, std::as_bytes(jpeg)); !status)
    return std::move(status).error().context("save snapshot");
  return path.filename().string();
}

Result<JpegBytes> SnapshotFolder::load(const event::EventId& id) const {
  auto text = read_whole_file(path_of(id), largest_snapshot);
  if (!text) return std::move(text).error().context("load snapshot");
  return JpegBytes(std::make_shared<std::vector<std::uint8_t>>(text->begin(), text->end()));
}

std::filesystem::path SnapshotFolder::clip_of(const event::EventId& id) const {
  return folder_ / (id.text() + clip_ending);
}

Status SnapshotFolder::save_clip(const event::EventId& id, std::span<const std::uint8_t> clip) const {
  auto status = write_durably(clip_of(id), std::as_bytes(clip));
  return status ? status : Status(std::move(status).error().context("save clip"));
}

Result<JpegBytes> SnapshotFolder::load_clip(const event::EventId& id) const {
  auto text = read_whole_file(clip_of(id), largest_clip);
  if (!text) return std::move(text).error().context("load clip");
  return JpegBytes(std::make_shared<std::vector<std::uint8_t>>(text->begin(), text->end()));
}

std::size_t SnapshotFolder::forget_clips(std::chrono::seconds older_than) const {
  std::size_t gone = 0;
  const auto now = std::filesystem::file_time_type::clock::now();
  std::error_code failed;
  for (std::filesystem::directory_iterator entry(folder_, failed), end; !failed && entry != end;
       entry.increment(failed)) {
    std::error_code ignored;
    const auto made = entry->last_write_time(ignored);
    if (entry->path().extension() == clip_ending && !ignored && now - made > older_than &&
        std::filesystem::remove(entry->path(), ignored))
      ++gone;
  }
  return gone;
}

}  // namespace porchlight::store
