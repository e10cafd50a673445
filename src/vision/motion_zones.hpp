// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "porchlight/vision/motion_gate.hpp"
#include "vision/motion_blobs.hpp"

namespace porchlight::vision {

// Zones and masks on the plane.
class MotionZones {
 public:
  explicit MotionZones(MotionOptions options) : options_(std::move(options)) {}

  // For each sample 0xFF, or 0 where a mask covers its middle.
  const std::vector<std::uint8_t>& watched(int width, int height);

  // The zones in which the blob's middle lies, or the middle of its lower edge (where somebody stands), by
  // bit.
  std::uint32_t zones_of(const MotionBlob& blob) const;
  // Whether movement there counts at all.
  bool counts(std::uint32_t zones) const noexcept { return options_.zones.empty() || zones != 0; }
  // Whether any part of the blob lies where movement counts.
  bool touches(const MotionBlob& blob, int columns) const;

 private:
  media::Point point_of(float x, float y) const;

  MotionOptions options_;
  int width_ = 0;
  int height_ = 0;
  std::vector<std::uint8_t> watched_;
};

}  // namespace porchlight::vision
