// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

namespace porchlight::camera {

// Bytes of a planar 4:2:0 picture.
std::size_t i420_size(int width, int height) noexcept;

// Packed 4:2:2 (Y0 U Y1 V, `stride` bytes a row) as planes of luma, Cb and Cr with half of the colour's
// rows: the mean of two. `width` is even; `out` has i420_size() bytes.
void yuyv_to_i420(const std::uint8_t* in, std::size_t stride, int width, int height,
                  std::uint8_t* out) noexcept;

}  // namespace porchlight::camera
