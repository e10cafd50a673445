// SPDX-License-Identifier: Apache-2.0
#pragma once

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

}  // namespace porchlight::vision
