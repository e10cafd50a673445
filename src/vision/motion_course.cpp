// SPDX-License-Identifier: Apache-2.0
#include "vision/motion_course.hpp"

namespace porchlight::vision {

void MotionCourse::begin(MonotonicTime start, MonotonicTime now) {
  start_ = start;
  last_move_ = now;
  zones_ = 0;
  path_.begin(start);
}

MotionNews MotionCourse::news(bool ended) const {
  MotionNews news{ended, start_, last_move_, {}, path_.steps()};
  for (std::size_t i = 0; i < media::most_areas; ++i)
    if ((zones_ >> i & 1U) != 0) news.zones.push_back(i);
  return news;
}

}  // namespace porchlight::vision
