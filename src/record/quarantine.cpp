// SPDX-License-Identifier: Apache-2.0
#include "record/quarantine.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdio>

#include "porchlight/record/recovery.hpp"
#include "record/segment_folder.hpp"

namespace porchlight::record {

Result<std::string> put_into_quarantine(const Volume& volume, const std::string& file) {
  if (auto status = make_folders(volume.folder(), quarantine_folder); !status)
    return std::move(status).error();
  auto flat = file;
  std::replace(flat.begin(), flat.end(), '/', '_');
  auto name = std::string(quarantine_folder) + "/" + flat;
  std::error_code ignored;
  for (int copy = 2;
       std::filesystem::exists(std::filesystem::symlink_status(volume.folder() / name, ignored)); ++copy)
    name = std::string(quarantine_folder) + "/" + std::to_string(copy) + "_" + flat;
  const auto from = volume.folder() / file;
  const auto to = volume.folder() / name;
  if (std::rename(from.c_str(), to.c_str()) != 0)
    return errno_error(errno, "move '" + from.string() + "' to '" + to.string() + "'");
  // The new name first: better twice than nowhere.
  if (auto status = sync_folder(to.parent_path()); !status) return std::move(status).error();
  if (auto status = sync_folder(from.parent_path()); !status) return std::move(status).error();
  return name;
}

}  // namespace porchlight::record
