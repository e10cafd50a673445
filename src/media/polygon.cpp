// SPDX-License-Identifier: Apache-2.0
#include "porchlight/media/polygon.hpp"

#include <algorithm>
#include <cmath>

namespace porchlight::media {
namespace {

// Coordinates are written with a few decimals: what is nearer to a line than this lies on it.
constexpr double on_line = 1e-12;

// Twice the area of the triangle: positive when c lies to the left of a → b, 0 on the line.
double turn(Point a, Point b, Point c) {
  const double area = (b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x);
  return std::abs(area) <= on_line ? 0 : area;
}

bool between(Point a, Point b, Point c) {
  return std::min(a.x, b.x) <= c.x && c.x <= std::max(a.x, b.x) && std::min(a.y, b.y) <= c.y &&
         c.y <= std::max(a.y, b.y);
}

bool opposite(double a, double b) {
  return (a < 0 && b > 0) || (a > 0 && b < 0);
}

bool meet(Point a, Point b, Point c, Point d) {
  const double c_side = turn(a, b, c), d_side = turn(a, b, d);
  const double a_side = turn(c, d, a), b_side = turn(c, d, b);
  if (opposite(c_side, d_side) && opposite(a_side, b_side)) return true;
  return (c_side == 0 && between(a, b, c)) || (d_side == 0 && between(a, b, d)) ||
         (a_side == 0 && between(c, d, a)) || (b_side == 0 && between(c, d, b));
}

// From corner b on the side runs over the one that led there.
bool runs_back(Point a, Point b, Point c) {
  return turn(a, b, c) == 0 && (b.x - a.x) * (c.x - b.x) + (b.y - a.y) * (c.y - b.y) < 0;
}

std::string side_name(std::size_t from, std::size_t corners) {
  return std::to_string(from + 1) + "–" + std::to_string((from + 1) % corners + 1);
}

std::string corner_fault(const Polygon& polygon) {
  const auto n = polygon.size();
  for (std::size_t i = 0; i < n; ++i) {
    const auto [x, y] = polygon[i];
    if (!(x >= 0 && x <= 1 && y >= 0 && y <= 1))
      return "corner " + std::to_string(i + 1) + " lies outside of the picture (0…1)";
    if (polygon[i] == polygon[(i + 1) % n]) return "corners " + side_name(i, n) + " are the same point";
  }
  return {};
}

std::string side_fault(const Polygon& polygon) {
  const auto n = polygon.size();
  for (std::size_t i = 0; i < n; ++i)
    if (runs_back(polygon[i], polygon[(i + 1) % n], polygon[(i + 2) % n]))
      return "the sides run back on each other at corner " + std::to_string((i + 1) % n + 1);
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t j = i + 2; j < n; ++j) {
      if (i == 0 && j + 1 == n) continue;  // neighbours
      if (meet(polygon[i], polygon[i + 1], polygon[j], polygon[(j + 1) % n]))
        return "side " + side_name(i, n) + " meets side " + side_name(j, n);
    }
  return {};
}

}  // namespace

std::string polygon_fault(const Polygon& polygon) {
  if (polygon.size() < 3) return "an area has at least three corners";
  if (polygon.size() > most_corners) return "more than " + std::to_string(most_corners) + " corners";
  auto fault = corner_fault(polygon);
  return fault.empty() ? side_fault(polygon) : fault;
}

bool contains(const Polygon& polygon, Point point) noexcept {
  bool inside = false;
  for (std::size_t i = 0, j = polygon.size() - 1; i < polygon.size(); j = i++) {
    const auto a = polygon[i], b = polygon[j];
    if ((a.y > point.y) == (b.y > point.y)) continue;
    if (point.x < a.x + (point.y - a.y) * (b.x - a.x) / (b.y - a.y)) inside = !inside;
  }
  return inside;
}

}  // namespace porchlight::media
