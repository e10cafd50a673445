// SPDX-License-Identifier: Apache-2.0
#include "porchlight/vision/embedding.hpp"

#include <cassert>
#include <cmath>

#include "fusion.hpp"

namespace porchlight::vision {
namespace {

// Eight sums side by side, or the compiler has to add one number after the other.
float apart(const float* a, const float* b, std::size_t length) noexcept {
  constexpr std::size_t lanes = 8;
  float sums[lanes] = {};
  for (std::size_t i = 0; i < length; i += lanes) {
    for (std::size_t k = 0; k < lanes; ++k) {
      const auto difference = a[i + k] - b[i + k];
      sums[k] += difference * difference;
    }
  }
  float sum = 0;
  for (const auto part : sums) sum += part;
  return std::sqrt(sum);
}

}  // namespace

float resnet_distance(const Embedding& a, const Embedding& b) noexcept {
  return apart(a.resnet.data(), b.resnet.data(), a.resnet.size());
}

float distance(const Embedding& a, const Embedding& b) noexcept {
  const auto resnet = resnet_distance(a, b);
  if (a.mobile.empty() || b.mobile.empty()) return resnet;
  assert(a.mobile.size() == mobile_length && b.mobile.size() == mobile_length);
  return fused(resnet, apart(a.mobile.data(), b.mobile.data(), mobile_length));
}

void EmbeddingMean::add(const Embedding& embedding) {
  ++count_;
  for (std::size_t i = 0; i < sum_.resnet.size(); ++i) sum_.resnet[i] += embedding.resnet[i];
  if (embedding.mobile.empty()) return;
  sum_.mobile.resize(mobile_length);
  for (std::size_t i = 0; i < mobile_length; ++i) sum_.mobile[i] += embedding.mobile[i];
}

Embedding EmbeddingMean::mean() const {
  auto mean = sum_;
  for (auto& value : mean.resnet) value /= static_cast<float>(count_);
  float squares = 0;
  for (const auto value : mean.mobile) squares += value * value;
  if (squares > 0)
    for (auto& value : mean.mobile) value /= std::sqrt(squares);
  return mean;
}

}  // namespace porchlight::vision
