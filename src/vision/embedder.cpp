// SPDX-License-Identifier: Apache-2.0
#include "embedder.hpp"

#include <algorithm>
#include <cassert>

#include "network.hpp"

namespace porchlight::vision {
namespace {

constexpr auto side = static_cast<std::size_t>(Embedder::side);
constexpr std::array<float, 3> mean_rgb = {122.782F, 117.001F, 104.298F};  // of the network's training

// Planes of (value - mean) / 256, as the network was trained on.
void write_planes(const std::vector<std::uint8_t>& rgb, bool mirrored, float* to) {
  for (std::size_t channel = 0; channel < 3; ++channel) {
    for (std::size_t y = 0; y < side; ++y) {
      for (std::size_t x = 0; x < side; ++x) {
        const auto from = mirrored ? side - 1 - x : x;
        *to++ = (static_cast<float>(rgb[(y * side + from) * 3 + channel]) - mean_rgb[channel]) / 256.0F;
      }
    }
  }
}

ResnetVector embedding_at(const cv::Mat& out, int row) {
  ResnetVector embedding{};
  std::copy_n(out.ptr<float>(row), embedding.size(), embedding.begin());
  return embedding;
}

cv::Mat blob(int count) {
  const int shape[] = {count, 3, Embedder::side, Embedder::side};
  return {4, shape, CV_32F};
}

}  // namespace

Embedder::Embedder(const std::string& model) : net_(read_network(model)) {}

ResnetVector Embedder::run(const std::vector<std::uint8_t>& rgb) {
  assert(rgb.size() == side * side * 3);
  auto input = blob(1);
  write_planes(rgb, false, input.ptr<float>(0));
  net_.setInput(input);
  return embedding_at(net_.forward(), 0);
}

ResnetVector Embedder::run_averaged(const std::vector<std::uint8_t>& rgb) {
  assert(rgb.size() == side * side * 3);
  auto input = blob(2);
  write_planes(rgb, false, input.ptr<float>(0));
  write_planes(rgb, true, input.ptr<float>(1));
  net_.setInput(input);
  const auto out = net_.forward();
  auto mean = embedding_at(out, 0);
  const auto mirrored = embedding_at(out, 1);
  for (std::size_t i = 0; i < mean.size(); ++i) mean[i] = (mean[i] + mirrored[i]) / 2;
  return mean;
}

}  // namespace porchlight::vision
