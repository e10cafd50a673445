// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <opencv2/dnn.hpp>
#include <stdexcept>
#include <string>

namespace porchlight::vision {

// A file that is no network which OpenCV can run. The text names it.
class UnusableModel : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// Throws UnusableModel; what has nothing to do with the file (no memory) is thrown as it comes.
cv::dnn::Net read_network(const std::string& file);

// What a network makes of a generated input of this shape (−0.5…0.5, the same numbers each time): this many
// of its outputs, spread evenly over all of them. Throws cv::Exception.
inline constexpr std::size_t outputs_recorded = 16;
using RecordedOutputs = std::array<float, outputs_recorded>;
RecordedOutputs outputs_of_generated(cv::dnn::Net& network, const std::array<int, 4>& shape);

}  // namespace porchlight::vision
