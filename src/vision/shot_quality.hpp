// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "aligner.hpp"

namespace porchlight::vision {

// Fills in the chip's quality and what it is made of. `points` and `box` are pixels of a picture of the
// size `picture`; the chip's pixels are there already.
void rate(Chip& chip, const Landmarks& points, const Box& box, cv::Size picture);

}  // namespace porchlight::vision
