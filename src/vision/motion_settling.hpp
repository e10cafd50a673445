// SPDX-License-Identifier: Apache-2.0
// After a connection the picture settles: exposure, colours, the first groups of pictures.
#pragma once

#include <chrono>
#include <optional>

#include "porchlight/base/clock.hpp"
#include "vision/motion_tuning.hpp"

namespace porchlight::vision {

class MotionSettling {
 public:
  explicit MotionSettling(const MotionTuning& tuning) : tuning_(tuning) {}

  void restart() {
    first_.reset();
    pictures_ = 0;
  }
  // A picture with something in it. True: it was the last, what comes now counts.
  bool see(MonotonicTime at) {
    if (pictures_++ == 0) shown_ = at;
    if (!first_) first_ = at;
    return at - shown_ >= tuning_.settle && pictures_ >= least_pictures;
  }
  // One without: a dark yard, a covered lens. True: it may stay like that, nobody need wait for more.
  bool see_blank(MonotonicTime at) {
    if (!first_) first_ = at;
    return at - *first_ >= tuning_.settle;
  }
  bool saw_any() const noexcept { return pictures_ > 0; }  // with something in it

 private:
  static constexpr int least_pictures = 3;

  const MotionTuning& tuning_;
  std::optional<MonotonicTime> first_;
  MonotonicTime shown_{};  // the first with something in it
  int pictures_ = 0;
};

}  // namespace porchlight::vision
