// SPDX-License-Identifier: Apache-2.0
#include "clock_fit.hpp"

#include <algorithm>

namespace porchlight::camera {
namespace {

constexpr std::size_t fewest = 10;
constexpr double shortest = 1;  // seconds

}  // namespace

void ClockFit::add(std::chrono::nanoseconds sent, std::chrono::nanoseconds arrived) {
  points_.push_back(
      {std::chrono::duration<double>(sent).count(), std::chrono::duration<double>(arrived - sent).count()});
}

std::optional<ClockFit::Line> ClockFit::line() const {
  if (points_.size() < fewest) return std::nullopt;
  const auto count = static_cast<double>(points_.size());
  double sent = 0, late = 0;
  for (const auto& point : points_) {
    sent += point.sent / count;
    late += point.late / count;
  }
  double spread = 0, together = 0;
  for (const auto& point : points_) {
    spread += (point.sent - sent) * (point.sent - sent);
    together += (point.sent - sent) * (point.late - late);
  }
  const auto [first, last] = std::minmax_element(
      points_.begin(), points_.end(), [](const Point& a, const Point& b) { return a.sent < b.sent; });
  if (last->sent - first->sent < shortest) return std::nullopt;
  const double slope = together / spread;
  double least = 0, most = 0;
  for (const auto& point : points_) {
    const double rest = point.late - late - slope * (point.sent - sent);
    least = std::min(least, rest);
    most = std::max(most, rest);
  }
  // Later and later by our clock means that the other one is slow.
  return Line{-1000 * slope, 1000 * (most - least)};
}

}  // namespace porchlight::camera
