// SPDX-License-Identifier: Apache-2.0
#include "vision/motion_memory.hpp"

#include <algorithm>
#include <cstdlib>

namespace porchlight::vision {
namespace {

constexpr std::uint8_t known_from = 4;  // seen so often: part of the scene
constexpr std::uint8_t most = 40;
// What does not come back within this many looks loses a point: a level is forgotten after some minutes.
constexpr std::uint32_t fade_every = 8;

}  // namespace

int MotionMemory::Sample::find(std::uint8_t brightness, int step) const noexcept {
  int best = -1;
  int nearest = step + 1;
  for (std::size_t i = 0; i < levels; ++i) {
    const int apart = std::abs(level[i] - brightness);
    if (weight[i] == 0 || apart >= nearest) continue;
    nearest = apart;
    best = static_cast<int>(i);
  }
  return best;
}

void MotionMemory::Sample::see(std::uint8_t brightness, int step, bool fade) noexcept {
  const int found = find(brightness, step);
  if (fade)
    for (std::size_t i = 0; i < levels; ++i)
      if (static_cast<int>(i) != found && weight[i] > 0) --weight[i];
  if (found >= 0) {
    const auto at = static_cast<std::size_t>(found);
    // Half of the way, at least one level: light changes slowly.
    const int way = brightness - level[at];
    level[at] = static_cast<std::uint8_t>(level[at] + (way + (way > 0 ? 1 : way < 0 ? -1 : 0)) / 2);
    weight[at] = std::min(most, static_cast<std::uint8_t>(weight[at] + 1));
    return;
  }
  const auto weakest =
      static_cast<std::size_t>(std::min_element(weight.begin(), weight.end()) - weight.begin());
  level[weakest] = brightness;
  weight[weakest] = 1;
}

void MotionMemory::begin(const media::Image& plane) {
  width_ = plane.width;
  samples_.assign(static_cast<std::size_t>(plane.width) * static_cast<std::size_t>(plane.height), {});
  for (std::size_t i = 0; i < samples_.size(); ++i) {
    samples_[i].level[0] = plane.pixels[i];
    samples_[i].weight[0] = 2 * known_from;
  }
}

void MotionMemory::learn(const media::Image& plane, int step) {
  const bool fade = ++turn_ % fade_every == 0;
  for (std::size_t i = 0; i < samples_.size(); ++i) samples_[i].see(plane.pixels[i], step, fade);
}

void MotionMemory::accept_cell(const media::Image& plane, int left, int top, int step) {
  for (int y = top; y < top + cell_side; ++y)
    for (int x = left; x < left + cell_side; ++x) {
      auto& sample = samples_[static_cast<std::size_t>(y * width_ + x)];
      const auto brightness = plane.pixels[static_cast<std::size_t>(y * width_ + x)];
      sample.see(brightness, step, false);
      const auto at = static_cast<std::size_t>(std::max(0, sample.find(brightness, step)));
      sample.weight[at] = std::max(sample.weight[at], known_from);
    }
}

int MotionMemory::strange(const media::Image& plane, const std::vector<std::uint8_t>& changed, int left,
                          int top, int step) const {
  int count = 0;
  for (int y = top; y < top + cell_side; ++y)
    for (int x = left; x < left + cell_side; ++x) {
      const auto i = static_cast<std::size_t>(y * width_ + x);
      if (changed[i] == 0) continue;
      const int found = samples_[i].find(plane.pixels[i], step);
      if (found < 0 || samples_[i].weight[static_cast<std::size_t>(found)] < known_from) ++count;
    }
  return count;
}

}  // namespace porchlight::vision
