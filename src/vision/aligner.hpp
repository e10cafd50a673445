// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <opencv2/dnn.hpp>

#include "porchlight/vision/face_engine.hpp"

namespace porchlight::vision {

// The 68 points of the iBUG 300-W scheme, in pixels of the picture.
using Landmarks = std::array<cv::Point2f, 68>;

// From a detector's box to an upright face: landmarks by a small network, then the similarity that
// brings them nearest to dlib's mean face.
class Aligner {
 public:
  // Throws cv::Exception. `second`: chips for the second embedder, too.
  explicit Aligner(const std::string& model, bool second = false);

  Landmarks landmarks(const cv::Mat& bgr, const Box& box);
  Chip align(const cv::Mat& bgr, const Box& box);

  cv::dnn::Net& network() noexcept { return net_; }  // for its validation

 private:
  cv::dnn::Net net_;
  const bool second_;
};

}  // namespace porchlight::vision
