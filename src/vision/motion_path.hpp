// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "porchlight/event/event.hpp"
#include "vision/motion_blobs.hpp"

namespace porchlight::vision {

// The way of a motion in at most 16 boxes, however long it takes: when they are full, every other one goes
// and the next ones come half as often.
class MotionPath {
 public:
  void begin(MonotonicTime start);
  // The box of the plane's size. One that comes too early is not kept.
  void add(MonotonicTime at, const MotionBlob& blob, int width, int height);
  const std::vector<event::MotionStep>& steps() const noexcept { return steps_; }

 private:
  MonotonicTime start_{};
  std::chrono::milliseconds every_{0};
  std::vector<event::MotionStep> steps_;
};

}  // namespace porchlight::vision
