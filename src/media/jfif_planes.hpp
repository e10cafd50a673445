// SPDX-License-Identifier: Apache-2.0
// turbojpeg takes planes as they are and writes them into a file whose reader assumes full range and
// BT.601. Cameras mostly send limited range and BT.709.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "colour.hpp"

namespace porchlight::media {

// Three planes (one for grey) and how far chroma is subsampled.
struct PlaneView {
  std::array<const std::uint8_t*, 3> data{};
  std::array<int, 3> stride{};  // bytes
  int width = 0;
  int height = 0;
  int chroma_shift_x = 0;  // log2
  int chroma_shift_y = 0;
  bool grey = false;
  int chroma_width() const { return (width + (1 << chroma_shift_x) - 1) >> chroma_shift_x; }
  int chroma_height() const { return (height + (1 << chroma_shift_y) - 1) >> chroma_shift_y; }
};

// True for the formats that view() takes.
bool has_jfif_planes(AVPixelFormat format);

class JfifPlanes {
 public:
  // The picture's own planes where they already mean the right thing, else converted copies that live
  // until the next call. `picture` must have one of the formats above.
  PlaneView view(const AVFrame& picture);

 private:
  void split_interleaved(const AVFrame& picture, PlaneView& planes);
  void convert(PlaneView& planes, Colour from);

  std::vector<std::uint8_t> split_;      // NV12's chroma, taken apart
  std::vector<std::uint8_t> converted_;  // all planes
  std::vector<int> luma_shift_;          // one row
};

}  // namespace porchlight::media
