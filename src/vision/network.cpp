// SPDX-License-Identifier: Apache-2.0
#include "network.hpp"

namespace porchlight::vision {

cv::dnn::Net read_network(const std::string& file) {
  try {
    return cv::dnn::readNetFromONNX(file);
  } catch (const cv::Exception& fault) {
    if (fault.code == cv::Error::StsNoMem) throw;
    throw UnusableModel("'" + file + "' is not a model: " + fault.err);
  }
}

}  // namespace porchlight::vision
