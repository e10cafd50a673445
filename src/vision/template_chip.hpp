// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "aligner.hpp"

namespace porchlight::vision {

// Warps the face under `points` so that eyes, nose and corners of the mouth come nearest to the
// five-point template of ArcFace: 112 × 112 RGB.
std::vector<std::uint8_t> extract_template_chip(const cv::Mat& bgr, const Landmarks& points);

}  // namespace porchlight::vision
