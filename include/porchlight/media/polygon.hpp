// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace porchlight::media {

// A place in a picture of any size: parts of its width and height from its upper left corner, 0…1.
struct Point {
  double x = 0;
  double y = 0;
  bool operator==(const Point&) const = default;
};

// Its corners in order; the last is joined to the first.
using Polygon = std::vector<Point>;
inline constexpr std::size_t most_corners = 64;
inline constexpr std::size_t most_areas = 32;  // of a camera, of each kind: zones and masks

// A part of a camera's picture that has a name.
struct Zone {
  std::string id;
  std::string name;
  Polygon points;
  bool operator==(const Zone&) const = default;
};

// What keeps it from being an area: fewer than three corners, more than most_corners, a corner outside of the
// picture, a corner twice in a row, sides that cross, touch or run back on each other. Empty: nothing.
// Corners are counted from 1.
std::string polygon_fault(const Polygon& polygon);

// By the even-odd rule. A point on a side may count as inside or not.
bool contains(const Polygon& polygon, Point point) noexcept;

}  // namespace porchlight::media
