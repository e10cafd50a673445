// SPDX-License-Identifier: Apache-2.0
#include "vision/motion_background.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>

namespace porchlight::vision {
namespace {

constexpr int scale_bits = 7;
constexpr int noise_stride = 13;  // of the samples looked at for the noise; in no step with the columns
constexpr int slowest = 7;  // an average moves by 1/2⁷ of the way at least, else rounding would stop it
constexpr int changed_delay = 2;  // what has changed is followed 2² times more slowly

std::size_t size_of(const media::Image& plane) {
  return static_cast<std::size_t>(plane.width) * static_cast<std::size_t>(plane.height);
}

// The shift that comes nearest to passed / time constant.
int shift_of(std::chrono::nanoseconds passed, std::chrono::nanoseconds constant) {
  const auto ratio =
      static_cast<double>(constant.count()) / std::max(1.0, static_cast<double>(passed.count()));
  return std::clamp(static_cast<int>(std::lround(std::log2(std::max(1.0, ratio)))), 1, slowest);
}

// Plain arrays and one type each, so that the compiler can use vectors.
void mark(const std::uint8_t* plane, const std::uint8_t* mean, const std::uint8_t* watched,
          std::uint8_t* changed, std::size_t count, std::uint8_t step) {
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint8_t above = plane[i] > mean[i] ? plane[i] : mean[i];
    const std::uint8_t below = plane[i] > mean[i] ? mean[i] : plane[i];
    const auto apart = static_cast<std::uint8_t>(above - below);
    const auto far = static_cast<std::uint8_t>(apart > step ? 0xFF : 0);
    changed[i] = static_cast<std::uint8_t>(far & watched[i]);
  }
}

void follow(const std::uint8_t* plane, const std::uint8_t* changed, std::int16_t* average, std::uint8_t* mean,
            std::size_t count, int shift) {
  const int slow = shift + changed_delay;
  for (std::size_t i = 0; i < count; ++i) {
    const auto way = static_cast<std::int16_t>((plane[i] << scale_bits) - average[i]);
    const auto quick_part = static_cast<std::int16_t>(way >> shift);
    const auto slow_part = static_cast<std::int16_t>(way >> slow);
    const auto now = static_cast<std::int16_t>(average[i] + (changed[i] != 0 ? slow_part : quick_part));
    average[i] = now;
    mean[i] = static_cast<std::uint8_t>((now + (1 << (scale_bits - 1))) >> scale_bits);
  }
}

}  // namespace

bool MotionBackground::fits(const media::Image& plane) const noexcept {
  return plane.width == width_ && plane.height == height_ && width_ > 0;
}

void MotionBackground::begin(const media::Image& plane) {
  width_ = plane.width;
  height_ = plane.height;
  mean_.assign(plane.pixels.begin(), plane.pixels.begin() + static_cast<std::ptrdiff_t>(size_of(plane)));
  average_.resize(mean_.size());
  std::transform(mean_.begin(), mean_.end(), average_.begin(),
                 [](std::uint8_t level) { return static_cast<std::int16_t>(level << scale_bits); });
  changed_.assign(mean_.size(), 0);
}

// The median of the differences: as long as less than half of the picture moves, what moves does not count.
void MotionBackground::measure_noise(const media::Image& plane, const std::vector<std::uint8_t>& watched) {
  std::array<std::uint32_t, 256> histogram{};
  std::uint32_t seen = 0;
  for (std::size_t i = 0; i < mean_.size(); i += noise_stride) {
    if (watched[i] == 0) continue;
    ++histogram[static_cast<std::size_t>(std::abs(plane.pixels[i] - mean_[i]))];
    ++seen;
  }
  if (seen == 0) return;
  std::uint32_t below = 0;
  std::size_t median = 0;
  while (below + histogram[median] < (seen + 1) / 2) below += histogram[median++];
  // Between two levels: how far into the median's own.
  const float inside =
      static_cast<float>((seen + 1) / 2 - below) / static_cast<float>(std::max(1U, histogram[median]));
  constexpr float of_normal = 0.6745F;  // median of |x| of a normal distribution, in standard deviations
  const float measured = std::max(0.0F, static_cast<float>(median) - 0.5F + inside) / of_normal;
  noise_ += (std::min(measured, 20.0F) - noise_) / 4;
}

const std::vector<std::uint8_t>& MotionBackground::compare(const media::Image& plane,
                                                           const std::vector<std::uint8_t>& watched) {
  if (tuning_.noise_deviations > 0) measure_noise(plane, watched);
  step_ = std::clamp(static_cast<int>(std::lround(tuning_.noise_deviations * noise_)), tuning_.least_step,
                     tuning_.most_step);
  mark(plane.pixels.data(), mean_.data(), watched.data(), changed_.data(), mean_.size(),
       static_cast<std::uint8_t>(step_));
  return changed_;
}

void MotionBackground::learn(const media::Image& plane, std::chrono::nanoseconds passed) {
  follow(plane.pixels.data(), changed_.data(), average_.data(), mean_.data(), mean_.size(),
         shift_of(passed, tuning_.average));
}

void MotionBackground::adopt_cell(const media::Image& plane, int left, int top) {
  for (int y = top; y < top + cell_side; ++y)
    for (int x = left; x < left + cell_side; ++x) {
      const auto at = static_cast<std::size_t>(y * width_ + x);
      mean_[at] = plane.pixels[at];
      average_[at] = static_cast<std::int16_t>(plane.pixels[at] << scale_bits);
    }
}

}  // namespace porchlight::vision
