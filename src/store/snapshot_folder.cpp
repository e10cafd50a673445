// SPDX-License-Identifier: Apache-2.0
#include "porchlight/store/snapshot_folder.hpp"

#include <system_error>

#include "porchlight/base/durable_file.hpp"
#include "store/folder.hpp"

namespace porchlight::store {
namespace {

// A 4K picture at the highest quality stays below this.
constexpr std::size_t largest_snapshot = 16 << 20;

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

}  // namespace porchlight::store
