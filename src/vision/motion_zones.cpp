// SPDX-License-Identifier: Apache-2.0
#include "vision/motion_zones.hpp"

#include <algorithm>

namespace porchlight::vision {

const std::vector<std::uint8_t>& MotionZones::watched(int width, int height) {
  if (width == width_ && height == height_) return watched_;
  width_ = width;
  height_ = height;
  watched_.assign(static_cast<std::size_t>(width) * static_cast<std::size_t>(height), 0xFF);
  for (const auto& mask : options_.masks)
    for (int y = 0; y < height; ++y)
      for (int x = 0; x < width; ++x)
        if (media::contains(mask, point_of(static_cast<float>(x) + 0.5F, static_cast<float>(y) + 0.5F)))
          watched_[static_cast<std::size_t>(y * width + x)] = 0;
  return watched_;
}

media::Point MotionZones::point_of(float x, float y) const {
  return {static_cast<double>(x) / std::max(1, width_), static_cast<double>(y) / std::max(1, height_)};
}

std::uint32_t MotionZones::zones_of(const MotionBlob& blob) const {
  const auto middle = point_of(blob.x, blob.y);
  const auto foot =
      point_of(static_cast<float>(blob.left + blob.right) / 2, static_cast<float>(blob.bottom) - 0.5F);
  std::uint32_t zones = 0;
  for (std::size_t i = 0; i < std::min(options_.zones.size(), media::most_areas); ++i) {
    const auto& points = options_.zones[i].points;
    if (media::contains(points, middle) || media::contains(points, foot)) zones |= std::uint32_t{1} << i;
  }
  return zones;
}

bool MotionZones::touches(const MotionBlob& blob, int columns) const {
  if (options_.zones.empty()) return true;
  return std::any_of(blob.cells.begin(), blob.cells.end(), [&](std::uint16_t cell) {
    const auto middle = point_of(static_cast<float>(cell % columns * cell_side + cell_side / 2),
                                 static_cast<float>(cell / columns * cell_side + cell_side / 2));
    return std::any_of(options_.zones.begin(), options_.zones.end(),
                       [&](const media::Zone& zone) { return media::contains(zone.points, middle); });
  });
}

}  // namespace porchlight::vision
