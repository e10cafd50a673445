// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <opencv2/dnn.hpp>
#include <string>
#include <vector>

#include "porchlight/vision/embedding.hpp"

namespace porchlight::vision {

// dlib's face-recognition ResNet ("dlib_face_recognition_resnet_model_v1"), run by OpenCV.
class Embedder {
 public:
  static constexpr int side = 150;  // of the chip, pixels

  // Throws cv::Exception.
  explicit Embedder(const std::string& model);

  // One pass of the network over an RGB chip of side × side × 3 bytes.
  ResnetVector run(const std::vector<std::uint8_t>& rgb);
  // Mean of the chip's and its mirror image's: halves what pose and light add.
  ResnetVector run_averaged(const std::vector<std::uint8_t>& rgb);

  cv::dnn::Net& network() noexcept { return net_; }  // for its validation

 private:
  cv::dnn::Net net_;
};

}  // namespace porchlight::vision
