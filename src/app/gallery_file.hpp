// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "app/settings.hpp"
#include "porchlight/store/database.hpp"
#include "porchlight/store/gallery_store.hpp"

namespace porchlight::app {

// The people of the database, as a command opens them beside the daemon.
struct GalleryFile {
  std::unique_ptr<store::Database> database;
  store::GalleryStore gallery;
};

// What is only looked at must be there; only enrolling makes a database.
enum class Access { look, change, create };
Result<GalleryFile> open_gallery(const Settings& settings, Access access);

}  // namespace porchlight::app
