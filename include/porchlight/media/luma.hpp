// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "porchlight/media/picture.hpp"

namespace porchlight::media {

// Brightness on a small plane, for those who compare pictures rather than show them: reduced by the smallest
// whole number that makes it fit, each sample the mean of its block, in the numbers of the stream (a camera
// of limited range uses 16…235). Thread-bound.
class LumaReader {
 public:
  // Into `plane` (one channel), whose buffer is reused. Fails with `unsupported` when there is no conversion
  // for the pixel format.
  Status read(const Frame& frame, int most_width, int most_height, Image& plane);

 private:
  Scaler scaler_{PixelLayout::grey};  // for what has no plane of 8-bit luma
};

}  // namespace porchlight::media
