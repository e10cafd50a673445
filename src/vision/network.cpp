// SPDX-License-Identifier: Apache-2.0
#include "network.hpp"

#include <algorithm>
#include <cstdint>
#include <vector>

namespace porchlight::vision {

namespace {

// The linear congruential generator of "Numerical Recipes"; of each number its upper 24 bits, which a float
// holds exactly.
cv::Mat generated(const std::array<int, 4>& shape) {
  cv::Mat input(4, shape.data(), CV_32F);
  std::uint32_t state = 1;
  auto* const numbers = input.ptr<float>();
  for (std::size_t i = 0; i < input.total(); ++i) {
    state = state * 1'664'525U + 1'013'904'223U;
    numbers[i] = static_cast<float>(state >> 8U) / 16'777'216.0F - 0.5F;
  }
  return input;
}

}  // namespace

RecordedOutputs outputs_of_generated(cv::dnn::Net& network, const std::array<int, 4>& shape) {
  network.setInput(generated(shape));
  std::vector<cv::Mat> outputs;
  network.forward(outputs, network.getUnconnectedOutLayersNames());
  // Of several outputs the largest first: in which order the library has them is its own affair.
  std::stable_sort(outputs.begin(), outputs.end(),
                   [](const cv::Mat& a, const cv::Mat& b) { return a.total() > b.total(); });
  std::vector<float> all;
  for (const auto& output : outputs) {
    const auto* const from = output.ptr<float>();
    all.insert(all.end(), from, from + output.total());
  }
  RecordedOutputs recorded{};
  for (std::size_t i = 0; i < recorded.size() && !all.empty(); ++i)
    recorded[i] = all[(2 * i + 1) * all.size() / (2 * recorded.size())];
  return recorded;
}

cv::dnn::Net read_network(const std::string& file) {
  try {
    return cv::dnn::readNetFromONNX(file);
  } catch (const cv::Exception& fault) {
    if (fault.code == cv::Error::StsNoMem) throw;
    throw UnusableModel("'" + file + "' is not a model: " + fault.err);
  }
}

}  // namespace porchlight::vision
