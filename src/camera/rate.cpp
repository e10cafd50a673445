// SPDX-License-Identifier: Apache-2.0
#include "rate.hpp"

#include <algorithm>

namespace porchlight::camera {

void Rate::start(MonotonicTime now, double total) {
  samples_[0] = {now, total};
  count_ = 1;
}

void Rate::sample(MonotonicTime now, double total) {
  if (count_ == 0) return start(now, total);
  if (now - samples_[(count_ - 1) % kept].at < std::chrono::seconds(1)) return;
  samples_[count_ % kept] = {now, total};
  ++count_;
}

double Rate::per_second(MonotonicTime now, double total) const {
  if (count_ == 0) return 0;
  // The youngest sample that is at least a window old, else the oldest there is.
  Sample from = samples_[count_ > kept ? count_ % kept : 0];
  for (std::size_t back = 1; back <= std::min(count_, kept); ++back) {
    const Sample& sample = samples_[(count_ - back) % kept];
    if (now - sample.at < window) continue;
    from = sample;
    break;
  }
  const std::chrono::duration<double> seconds = now - from.at;
  return seconds.count() < 0.5 ? 0 : (total - from.total) / seconds.count();
}

}  // namespace porchlight::camera
