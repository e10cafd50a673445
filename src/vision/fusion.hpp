// SPDX-License-Identifier: Apache-2.0
// How two embedders become one distance.
#pragma once

namespace porchlight::vision {

// A weighted sum of the two Euclidean distances: a distance itself, 0 for one picture twice. The second
// network has half the first one's weight: its distances of two people are as widely spread, and alone it
// errs more often. The sum needs no further scale, for on the pairs of the bench its rare false accepts
// begin where ResNet's do (one in 1,000 below 0.59, docs/vision.md): so the threshold keeps its meaning, and
// people with and without the second embedding stand in one gallery.
inline constexpr float resnet_weight = 0.5F;
inline constexpr float mobile_weight = 0.25F;

constexpr float fused(float resnet_distance, float mobile_distance) noexcept {
  return resnet_weight * resnet_distance + mobile_weight * mobile_distance;
}

}  // namespace porchlight::vision
