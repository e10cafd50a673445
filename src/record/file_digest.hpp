// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

#include "porchlight/base/result.hpp"

namespace porchlight::record {

struct FileDigest {
  std::uint64_t bytes = 0;
  std::string sha256;     // 64 hexadecimal digits
  std::uint32_t crc = 0;  // CRC-32 (zlib's) of the first `crc_bytes`
};

// Of the first `bytes` of a file, which is shorter only when `bytes` says so. `go_on` is asked for each
// block; false ends it with `cancelled`. Errors: not_found, io, corrupt (the file ends before).
Result<FileDigest> digest_file(const std::filesystem::path& file, std::uint64_t bytes,
                               std::uint64_t crc_bytes = 0, const std::function<bool()>& go_on = {});

std::string sha256_of(std::string_view bytes);  // 64 hexadecimal digits

}  // namespace porchlight::record
