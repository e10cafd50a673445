// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>

#include "porchlight/base/clock.hpp"

namespace porchlight::camera {

// How fast a running total grew over the last ten seconds, or since start() while that is less.
// Samples once a second, so a window is true to that. One thread.
class Rate {
 public:
  static constexpr std::chrono::seconds window{10};

  // Forgets what was; the total stands at `total` now.
  void start(MonotonicTime now, double total);
  void sample(MonotonicTime now, double total);
  double per_second(MonotonicTime now, double total) const;

 private:
  struct Sample {
    MonotonicTime at{};
    double total = 0;
  };
  static constexpr std::size_t kept = 11;  // ten whole seconds lie between the oldest and the newest

  std::array<Sample, kept> samples_{};
  std::size_t count_ = 0;
};

}  // namespace porchlight::camera
