// SPDX-License-Identifier: Apache-2.0
// What is told of one motion: its time, its zones and its way.
#pragma once

#include <algorithm>
#include <cstdint>

#include "porchlight/vision/motion_gate.hpp"
#include "vision/motion_path.hpp"
#include "vision/motion_tuning.hpp"

namespace porchlight::vision {

class MotionCourse {
 public:
  void begin(MonotonicTime start, MonotonicTime now);
  void move(MonotonicTime at) { last_move_ = std::max(last_move_, at); }
  void pass(std::uint32_t zones) noexcept { zones_ |= zones; }  // by bit
  void add(MonotonicTime at, const MotionBlob& blob, int width, int height) {
    path_.add(at, blob, width, height);
  }

  bool is_over(MonotonicTime now, const MotionTuning& tuning) const {
    return now - last_move_ >= tuning.hold || now - start_ >= tuning.longest;
  }
  MotionNews news(bool ended) const;

 private:
  MonotonicTime start_{};
  MonotonicTime last_move_{};
  std::uint32_t zones_ = 0;
  static_assert(media::most_areas <= 32);
  MotionPath path_;
};

}  // namespace porchlight::vision
