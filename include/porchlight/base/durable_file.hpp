// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>

#include "porchlight/base/result.hpp"

namespace porchlight {

// Writes `bytes` so that after a crash or power cut either the old file or the whole new one is
// there: write `<path>.part`, sync it, rename, sync the folder. A failure removes the part; a crash
// leaves it to the next write. Mode 0640 less the umask. One writer per path at a time.
Status write_durably(const std::filesystem::path& path, std::span<const std::byte> bytes);

// The whole file; refuses with ErrorCode::resource what is larger than `limit` bytes.
Result<std::string> read_whole_file(const std::filesystem::path& path, std::size_t limit);

}  // namespace porchlight
