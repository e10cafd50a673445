// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "app/settings.hpp"
#include "porchlight/store/segment_index.hpp"

namespace porchlight::app {

// Where the footage of these settings lies: the files, their index, the key that signs exports.
struct FootageFolder {
  explicit FootageFolder(const Settings& settings);
  std::filesystem::path recordings;
  std::filesystem::path index;
  std::filesystem::path key;
};

// The index for a command. Errors name the mend where there is no index yet.
Result<std::unique_ptr<store::Database>> open_footage_index(const FootageFolder& folder,
                                                            store::OpenMode mode);

}  // namespace porchlight::app
