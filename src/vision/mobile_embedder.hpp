// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <opencv2/dnn.hpp>
#include <vector>

#include "porchlight/vision/embedding.hpp"

namespace porchlight::vision {

// The second embedder, `fr_feature.onnx`: MobileFaceNet's shape, 512 numbers. What it was trained on is
// not documented (docs/vision.md), so it runs only where faces.embedders names it.
class MobileEmbedder {
 public:
  static constexpr int side = 112;  // of the chip, pixels

  // Throws UnusableModel.
  explicit MobileEmbedder(const std::string& model);

  // Over an RGB chip of side × side × 3 bytes; mobile_length numbers of length 1 together.
  std::vector<float> run(const std::vector<std::uint8_t>& rgb);
  // The mean of the chip's and its mirror image's.
  std::vector<float> run_averaged(const std::vector<std::uint8_t>& rgb);

  cv::dnn::Net& network() noexcept { return net_; }  // for its validation

 private:
  std::vector<float> forward(const std::vector<std::uint8_t>& rgb, bool mirrored);

  cv::dnn::Net net_;
};

}  // namespace porchlight::vision
