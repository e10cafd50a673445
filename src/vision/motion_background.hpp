// SPDX-License-Identifier: Apache-2.0
// The cheap stage: a moving average of the plane in whole numbers, and what differs from it. About 15 µs for
// a plane of 320 × 180, most of it reading the samples.
#pragma once

#include <chrono>
#include <cstdint>
#include <vector>

#include "porchlight/media/picture.hpp"
#include "vision/motion_tuning.hpp"

namespace porchlight::vision {

class MotionBackground {
 public:
  explicit MotionBackground(const MotionTuning& tuning) : tuning_(tuning) {}

  // The plane is the background.
  void begin(const media::Image& plane);
  bool fits(const media::Image& plane) const noexcept;

  // 0xFF for each sample that differs and that `watched` (0xFF: yes, 0: no) lets through; measures the noise.
  const std::vector<std::uint8_t>& compare(const media::Image& plane,
                                           const std::vector<std::uint8_t>& watched);
  // Moves the average towards the plane, `passed` after the picture before. What has changed by the newest
  // compare() is followed four times more slowly: it may be somebody.
  void learn(const media::Image& plane, std::chrono::nanoseconds passed);
  // Takes the samples of a cell as they are.
  void adopt_cell(const media::Image& plane, int left, int top);

  const std::uint8_t* mean_row(int y) const noexcept {
    return mean_.data() + static_cast<std::size_t>(y * width_);
  }
  float noise() const noexcept { return noise_; }  // standard deviation
  int step() const noexcept { return step_; }      // a larger difference is a change

 private:
  void measure_noise(const media::Image& plane, const std::vector<std::uint8_t>& watched);

  const MotionTuning& tuning_;
  int width_ = 0;
  int height_ = 0;
  std::vector<std::int16_t> average_;  // brightness × 128
  std::vector<std::uint8_t> mean_;     // the same in whole levels
  std::vector<std::uint8_t> changed_;
  float noise_ = 2;
  int step_ = 12;
};

}  // namespace porchlight::vision
