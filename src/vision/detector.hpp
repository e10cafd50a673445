// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <opencv2/dnn.hpp>
#include <vector>

#include "porchlight/vision/face_engine.hpp"

namespace porchlight::vision {

// RFB-320, a single-shot face detector ("Ultra-Light-Fast-Generic-Face-Detector-1MB").
class Detector {
 public:
  static constexpr int input_width = 320;
  static constexpr int input_height = 240;

  // Throws cv::Exception.
  explicit Detector(const std::string& model);

  // `rgb`: the whole picture, squeezed to input_width × input_height, 8 bits. Boxes in pixels of a
  // picture of `width` × `height`, best first.
  std::vector<Face> detect(const cv::Mat& rgb, int width, int height);

  cv::dnn::Net& network() noexcept { return net_; }  // for its validation

 private:
  cv::dnn::Net net_;
};

}  // namespace porchlight::vision
