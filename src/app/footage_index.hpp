// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <memory>

#include "app/settings.hpp"
#include "porchlight/store/segment_index.hpp"

namespace porchlight::app {

std::filesystem::path footage_database(const Settings& settings);
// The index of the footage beside the running daemon; never makes one.
Result<std::unique_ptr<store::Database>> open_footage_index(const Settings& settings, store::OpenMode mode);

}  // namespace porchlight::app
