// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <string_view>

#include "porchlight/base/result.hpp"

namespace porchlight::record {

// All of it; one pwrite(2), as long as the kernel takes it at once. Errors name `file`.
Status write_at(int fd, std::uint64_t at, std::string_view bytes, const std::filesystem::path& file);

}  // namespace porchlight::record
