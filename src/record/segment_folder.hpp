// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

#include "porchlight/base/result.hpp"

namespace porchlight::record {

// Errors name the verb and the path.
Status sync_folder(const std::filesystem::path& folder);

// Makes what is missing of `beneath` (relative) under `folder`, 0750, each synced into its parent. `folder`
// itself is not made: where it is missing, a disk is.
Status make_folders(const std::filesystem::path& folder, const std::filesystem::path& beneath);

// `from` gets the name `to` in the same folder, which is synced then. already_exists: there is something.
Status settle_name(const std::filesystem::path& from, const std::filesystem::path& to);

}  // namespace porchlight::record
