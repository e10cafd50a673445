// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

#include "porchlight/base/result.hpp"

namespace porchlight::store {

// Makes the folder (0750 whatever the umask) and what is missing above it, and syncs what names it.
// A folder that is there keeps its mode.
Status make_folder(const std::filesystem::path& folder);

Status sync_folder(const std::filesystem::path& folder);

}  // namespace porchlight::store
