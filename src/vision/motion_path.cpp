// SPDX-License-Identifier: Apache-2.0
#include "vision/motion_path.hpp"

#include <algorithm>
#include <cmath>

namespace porchlight::vision {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t most_steps = 16;
constexpr milliseconds first_pause{250};

// Three decimals say all that a plane of 320 samples knows.
double part(int samples, int of) {
  return std::round(1000.0 * std::clamp(static_cast<double>(samples) / of, 0.0, 1.0)) / 1000.0;
}

}  // namespace

void MotionPath::begin(MonotonicTime start) {
  start_ = start;
  every_ = first_pause;
  steps_.clear();
}

void MotionPath::add(MonotonicTime at, const MotionBlob& blob, int width, int height) {
  const auto since = std::max(milliseconds(0), std::chrono::duration_cast<milliseconds>(at - start_));
  if (!steps_.empty() && since - steps_.back().at < every_) return;
  if (steps_.size() == most_steps) {
    for (std::size_t i = 0; 2 * i < most_steps; ++i) steps_[i] = steps_[2 * i];
    steps_.resize(most_steps / 2);
    every_ *= 2;
    if (since - steps_.back().at < every_) return;
  }
  steps_.push_back({since, part(blob.left, width), part(blob.top, height), part(blob.width(), width),
                    part(blob.height(), height)});
}

}  // namespace porchlight::vision
