// SPDX-License-Identifier: Apache-2.0
// The background model that confirms: the three levels of brightness that each sample shows most. A branch, a
// flag or a blinking lamp changes between a few; somebody brings a new one. 6 bytes a sample.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "porchlight/media/picture.hpp"
#include "vision/motion_tuning.hpp"

namespace porchlight::vision {

class MotionMemory {
 public:
  void begin(const media::Image& plane);
  // About once a second: each sample's nearest level comes up, the others fade; a new one takes the place of
  // the weakest. `step`: what lies nearer is the same level.
  void learn(const media::Image& plane, int step);
  // The levels of a cell are known from now on.
  void accept_cell(const media::Image& plane, int left, int top, int step);

  // How many samples of the cell have changed and show nothing that was often there.
  int strange(const media::Image& plane, const std::vector<std::uint8_t>& changed, int left, int top,
              int step) const;

 private:
  static constexpr std::size_t levels = 3;
  struct Sample {
    std::array<std::uint8_t, levels> level{};
    std::array<std::uint8_t, levels> weight{};
    int find(std::uint8_t brightness, int step) const noexcept;  // −1: none
    void see(std::uint8_t brightness, int step, bool fade) noexcept;
  };

  int width_ = 0;
  std::uint32_t turn_ = 0;
  std::vector<Sample> samples_;
};

}  // namespace porchlight::vision
