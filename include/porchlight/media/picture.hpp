// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "porchlight/media/av.hpp"
#include "porchlight/media/packet.hpp"

namespace porchlight::media {

// A plain buffer of 8-bit samples, rows from top to bottom.
struct Image {
  int width = 0;  // pixels
  int height = 0;
  int channels = 0;        // 3 (BGR or RGB, interleaved) or 1 (grey)
  std::size_t stride = 0;  // bytes from row to row
  std::vector<std::uint8_t> pixels;
};

struct Region {
  int x = 0;
  int y = 0;
  int width = 0;
  int height = 0;
};

enum class PixelLayout : std::uint8_t { bgr, rgb, grey };

// Scales and converts decoded pictures to full-range RGB or grey, honouring the stream's colour matrix
// and range. Keeps one swscale context: give each recurring conversion a Scaler of its own.
// Thread-bound.
class Scaler {
 public:
  explicit Scaler(PixelLayout layout) : layout_(layout) {}

  // The whole picture, or `region` of it clipped to the picture and moved to even pixels (chroma is
  // shared by pairs), as width × height into `image`, whose buffer is reused. Returns the region
  // that was really taken. Fails with `invalid_argument` when nothing of the region is inside.
  Result<Region> scale(const Frame& frame, int width, int height, Image& image,
                       const std::optional<Region>& region = std::nullopt);

 private:
  PixelLayout layout_;
  AvScale context_;
};

}  // namespace porchlight::media
