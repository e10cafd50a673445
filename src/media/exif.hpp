// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>

namespace porchlight::media {

// The orientation tag (1…8, TIFF 6.0 and CIPA DC-008) of a JPEG file's Exif segment; 1 when there is
// none or it makes no sense. Never fails: a picture with odd metadata is still a picture.
int exif_orientation(std::span<const std::uint8_t> jpeg) noexcept;

}  // namespace porchlight::media
