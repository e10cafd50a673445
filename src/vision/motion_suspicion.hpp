// SPDX-License-Identifier: Apache-2.0
// Something looks different: where, since when, and how often that was for nothing.
#pragma once

#include <cstdint>
#include <vector>

#include "porchlight/base/clock.hpp"
#include "vision/motion_blobs.hpp"

namespace porchlight::vision {

class MotionSuspicion {
 public:
  explicit MotionSuspicion(const MotionTuning& tuning) : tuning_(tuning) {}

  // A picture of so many cells, of which nothing is known.
  void forget(std::size_t cells);

  void begin(MonotonicTime now);
  void add(const std::vector<MotionBlob>& blobs);
  bool is_over(MonotonicTime now) const { return now - since_ >= tuning_.suspicion; }
  void was_right() noexcept { in_vain_ = 0; }
  // It was for nothing: those cells are left alone for a while, twice as long each time in a row.
  void was_in_vain(MonotonicTime now);

  // Most of it lies where something looked different for nothing a moment ago.
  bool is_left_alone(const MotionBlob& blob, MonotonicTime now) const;

 private:
  const MotionTuning& tuning_;
  MonotonicTime since_{};
  std::vector<std::uint8_t> cells_;  // that looked different since then
  std::vector<MonotonicTime> left_alone_until_;
  int in_vain_ = 0;
};

}  // namespace porchlight::vision
