// SPDX-License-Identifier: Apache-2.0
#include "porchlight/api/footage_shelf.hpp"

#include <sys/stat.h>

#include <cerrno>
#include <utility>

namespace porchlight::api {

Result<store::SegmentIndex*> FootageShelf::index() {
  struct ::stat info {};
  if (::stat(file_.c_str(), &info) != 0) {
    open_.reset();
    if (errno == ENOENT) return nullptr;
    return errno_error(errno, "look at '" + file_.string() + "'");
  }
  if (open_ && open_->device == info.st_dev && open_->inode == info.st_ino) return &open_->index;
  open_.reset();
  auto database = store::SegmentIndex::open(file_, {.mode = store::OpenMode::read_only}, &metrics_);
  if (!database) return std::move(database).error();
  store::SegmentIndex index(**database);
  open_.emplace(Open{std::move(*database), index, info.st_dev, info.st_ino});
  return &open_->index;
}

}  // namespace porchlight::api
