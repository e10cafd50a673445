// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

#include "porchlight/base/result.hpp"

namespace porchlight::record {

// Gives a file, whose bytes are synced, its name, and makes the name durable; an older file of that name
// goes.
Status rename_durably(const std::filesystem::path& from, const std::filesystem::path& to);

}  // namespace porchlight::record
