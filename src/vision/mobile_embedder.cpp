// SPDX-License-Identifier: Apache-2.0
#include "mobile_embedder.hpp"

#include <cmath>

#include "network.hpp"

namespace porchlight::vision {
namespace {

constexpr auto side = static_cast<std::size_t>(MobileEmbedder::side);

// Planes of (value - 127) / 128, as the network's package feeds it.
cv::Mat planes(const std::vector<std::uint8_t>& rgb, bool mirrored) {
  const int shape[] = {1, 3, MobileEmbedder::side, MobileEmbedder::side};
  cv::Mat blob(4, shape, CV_32F);
  auto* to = blob.ptr<float>(0);
  for (std::size_t channel = 0; channel < 3; ++channel)
    for (std::size_t y = 0; y < side; ++y)
      for (std::size_t x = 0; x < side; ++x) {
        const auto from = mirrored ? side - 1 - x : x;
        *to++ = (static_cast<float>(rgb[(y * side + from) * 3 + channel]) - 127) / 128;
      }
  return blob;
}

void normalise(std::vector<float>& values) {
  double squares = 0;
  for (const auto value : values) squares += static_cast<double>(value) * static_cast<double>(value);
  const auto length = static_cast<float>(std::sqrt(squares));
  if (length > 0)
    for (auto& value : values) value /= length;
}

}  // namespace

MobileEmbedder::MobileEmbedder(const std::string& model) : net_(read_network(model)) {}

std::vector<float> MobileEmbedder::forward(const std::vector<std::uint8_t>& rgb, bool mirrored) {
  if (rgb.size() != side * side * 3) CV_Error(cv::Error::StsBadSize, "not a chip of 112 × 112");
  net_.setInput(planes(rgb, mirrored));
  const auto out = net_.forward();
  if (out.total() != mobile_length) CV_Error(cv::Error::StsUnmatchedSizes, "not an embedding of 512 numbers");
  std::vector<float> values(out.ptr<float>(), out.ptr<float>() + mobile_length);
  normalise(values);
  return values;
}

std::vector<float> MobileEmbedder::run(const std::vector<std::uint8_t>& rgb) {
  return forward(rgb, false);
}

std::vector<float> MobileEmbedder::run_averaged(const std::vector<std::uint8_t>& rgb) {
  auto mean = forward(rgb, false);
  const auto mirrored = forward(rgb, true);
  for (std::size_t i = 0; i < mean.size(); ++i) mean[i] += mirrored[i];
  normalise(mean);
  return mean;
}

}  // namespace porchlight::vision
