// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <string_view>
#include <vector>

namespace porchlight::vision {

// Each names the whole way from box to numbers (alignment, network, averaging). Numbers of different
// versions cannot be compared; stored ones carry theirs.
inline constexpr std::string_view model_version = "resnet-1";
inline constexpr std::string_view mobile_version = "mobile-1";
inline constexpr std::string_view fused_version = "resnet-1+mobile-1";  // of sightings that both looked at

using ResnetVector = std::array<float, 128>;
inline constexpr std::size_t mobile_length = 512;

// A face as numbers: two pictures of one person lie near each other.
struct Embedding {
  ResnetVector resnet{};
  std::vector<float> mobile{};  // mobile_length numbers of length 1 together; empty: not made
  bool operator==(const Embedding&) const = default;
};

// The Euclidean distance of ResNet's numbers, 0 to about 1.3. Where both have the second embedding, too:
// the two networks' distances combined on the same scale, so that one threshold serves both (fusion.hpp).
float distance(const Embedding& a, const Embedding& b) noexcept;
// Of ResNet's numbers alone, whatever else there is.
float resnet_distance(const Embedding& a, const Embedding& b) noexcept;

// The mean of several pictures of one face, each network's for itself.
class EmbeddingMean {
 public:
  void add(const Embedding& embedding);
  // Of at least one; the second embedding is of those that have it.
  Embedding mean() const;

 private:
  Embedding sum_;
  std::size_t count_ = 0;
};

}  // namespace porchlight::vision
