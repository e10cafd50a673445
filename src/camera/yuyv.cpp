// SPDX-License-Identifier: Apache-2.0
#include "yuyv.hpp"

namespace porchlight::camera {
namespace {

void luma_row(const std::uint8_t* in, std::size_t width, std::uint8_t* out) {
  for (std::size_t x = 0; x < width; ++x) out[x] = in[2 * x];
}

void chroma_row(const std::uint8_t* upper, const std::uint8_t* lower, std::size_t width, std::uint8_t* cb,
                std::uint8_t* cr) {
  for (std::size_t x = 0; x < width; ++x) {
    cb[x] = static_cast<std::uint8_t>((upper[4 * x + 1] + lower[4 * x + 1] + 1) / 2);
    cr[x] = static_cast<std::uint8_t>((upper[4 * x + 3] + lower[4 * x + 3] + 1) / 2);
  }
}

}  // namespace

std::size_t i420_size(int width, int height) noexcept {
  const auto w = static_cast<std::size_t>(width);
  const auto h = static_cast<std::size_t>(height);
  return w * h + 2 * ((w + 1) / 2) * ((h + 1) / 2);
}

void yuyv_to_i420(const std::uint8_t* in, std::size_t stride, int width, int height,
                  std::uint8_t* out) noexcept {
  const auto w = static_cast<std::size_t>(width);
  const auto h = static_cast<std::size_t>(height);
  for (std::size_t y = 0; y < h; ++y) luma_row(in + y * stride, w, out + y * w);
  std::uint8_t* cb = out + w * h;
  std::uint8_t* cr = cb + (w / 2) * ((h + 1) / 2);
  for (std::size_t y = 0; y < h; y += 2, cb += w / 2, cr += w / 2) {
    const std::uint8_t* upper = in + y * stride;
    chroma_row(upper, y + 1 < h ? upper + stride : upper, w / 2, cb, cr);
  }
}

}  // namespace porchlight::camera
