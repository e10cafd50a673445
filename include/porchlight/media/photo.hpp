// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>

#include "porchlight/base/result.hpp"
#include "porchlight/media/picture.hpp"

namespace porchlight::media {

struct PhotoLimits {
  std::size_t bytes = std::size_t{32} << 20;  // of the file
  std::size_t pixels = 50'000'000;            // checked in the header, before anything is allocated
  // Of a JPEG that is built up in passes: its decoder keeps 3 to 6 bytes a pixel until the last of them.
  std::size_t progressive_pixels = pixels;
  // A larger picture comes back reduced by a whole number, a JPEG while it is decoded: what it needs
  // in memory is then bounded by this (a PNG's and a progressive JPEG's still by the limits above).
  std::size_t kept_pixels = SIZE_MAX;
};

// Reads a JPEG or PNG picture that a stranger may have made, as BGR. Orientation by Exif is applied,
// transparency is laid on white. Any thread. What stands behind the picture in the file is not looked at.
// Refusals by code:
//   not_found, permission_denied, io   the file cannot be read
//   unsupported                        not a JPEG or PNG, or a kind of it that we do not read
//   corrupt                            broken or cut off
//   resource                           monstrous: more bytes, pixels or passes than the limits
Result<Image> read_photo(const std::filesystem::path& path, const PhotoLimits& limits = {});
Result<Image> decode_photo(std::span<const std::uint8_t> file, const PhotoLimits& limits = {});

}  // namespace porchlight::media
