// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <optional>
#include <vector>

namespace porchlight::camera {

// A straight line through (time by the sender's clock, how much later it was by ours), by least squares.
class ClockFit {
 public:
  // Both from beginnings of their own.
  void add(std::chrono::nanoseconds sent, std::chrono::nanoseconds arrived);

  struct Line {
    double drift_ms_per_second = 0;  // what the sender's clock gains on ours
    double jitter_ms = 0;            // between the earliest and the latest around the line
  };
  // Nothing before ten points over a second.
  std::optional<Line> line() const;

 private:
  struct Point {
    double sent, late;  // seconds
  };
  std::vector<Point> points_;
};

}  // namespace porchlight::camera
