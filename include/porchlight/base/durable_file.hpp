// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/stat.h>
#include <sys/types.h>

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>

#include "porchlight/base/result.hpp"

namespace porchlight {

// Writes `bytes` so that after a crash or power cut either the old file or the whole new one is
// there: write `<path>.part`, sync it, rename, sync the folder. A failure removes the part; a crash
// leaves it to the next write. `mode` less the umask; also of a part that a crash left. One writer
// per path at a time.
Status write_durably(const std::filesystem::path& path, std::span<const std::byte> bytes,
                     ::mode_t mode = 0640);

// The whole file; refuses with ErrorCode::resource what is larger than `limit` bytes. `info`, if not null, is
// filled in with what the file was that was read.
Result<std::string> read_whole_file(const std::filesystem::path& path, std::size_t limit,
                                    struct ::stat* info = nullptr);

}  // namespace porchlight
