// SPDX-License-Identifier: Apache-2.0
#include "app/gallery_file.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <string>

namespace porchlight::app {
namespace {

// A database that root makes belongs to whom its folder belongs to, or the service could not open it.
// The write-ahead log follows the database's owner (SQLite sees to that).
void give_to_owner_of_folder(const std::filesystem::path& database) {
  struct stat folder {};
  if (::geteuid() != 0 || ::stat(database.parent_path().c_str(), &folder) != 0) return;
  for (const auto* suffix : {"", "-wal", "-shm"})
    if (::chown((database.string() + suffix).c_str(), folder.st_uid, folder.st_gid) != 0) continue;
}

}  // namespace

Result<GalleryFile> open_gallery(const Settings& settings, Access access) {
  const auto file = settings.database();
  const bool there = std::filesystem::exists(file);
  if (!there && (access != Access::create || !std::filesystem::is_directory(file.parent_path())))
    return Error(ErrorCode::io, "open '" + file.string() + "': nothing is there; has the daemon run?");
  store::DatabaseOptions options;
  if (access == Access::look) options.mode = store::OpenMode::read_only;
  auto database = store::Database::open(file, options, nullptr);
  if (!database) return std::move(database).error();
  if (!there) give_to_owner_of_folder(file);
  store::GalleryStore gallery(**database);
  return GalleryFile{std::move(*database), gallery};
}

}  // namespace porchlight::app
