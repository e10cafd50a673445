// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "porchlight/media/av.hpp"
#include "porchlight/media/packet.hpp"

namespace porchlight::media {

struct JpegOptions {
  int quality = 85;   // 1…100
  int max_width = 0;  // pixels; a wider picture is scaled down, keeping its shape; 0: never
};

// Encodes decoded pictures as JFIF, straight from their YUV planes where the format allows (8-bit
// planar 4:2:0, 4:2:2, 4:4:4, grey, NV12); others pass through swscale. JFIF means full range and
// BT.601: planes that mean something else are converted on the way. Keeps the compressor and its
// buffers. Thread-bound.
class JpegEncoder {
 public:
  static Result<JpegEncoder> create(JpegOptions options = {});
  JpegEncoder(JpegEncoder&&) noexcept;
  JpegEncoder& operator=(JpegEncoder&&) noexcept;
  ~JpegEncoder();

  Result<std::vector<std::uint8_t>> encode(const Frame& frame);

 private:
  struct Compressor;
  explicit JpegEncoder(std::unique_ptr<Compressor> compressor);
  std::unique_ptr<Compressor> compressor_;
};

}  // namespace porchlight::media
