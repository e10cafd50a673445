// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "aligner.hpp"

namespace porchlight::vision {

// Warps the face under `points` to dlib's 150-pixel chip (its face_chip geometry, padding ¼).
std::vector<std::uint8_t> extract_chip(const cv::Mat& bgr, const Landmarks& points);

}  // namespace porchlight::vision
