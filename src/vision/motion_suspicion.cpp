// SPDX-License-Identifier: Apache-2.0
#include "vision/motion_suspicion.hpp"

#include <algorithm>

namespace porchlight::vision {
namespace {

using namespace std::chrono_literals;

constexpr auto first_rest = 1s;
constexpr int most_doublings = 5;
constexpr auto forget_after = 60s;

}  // namespace

void MotionSuspicion::forget(std::size_t cells) {
  left_alone_until_.assign(cells, MonotonicTime{});
  cells_.assign(cells, 0);
}

void MotionSuspicion::begin(MonotonicTime now) {
  if (now - since_ >= forget_after) in_vain_ = 0;
  since_ = now;
  cells_.assign(cells_.size(), 0);
}

void MotionSuspicion::add(const std::vector<MotionBlob>& blobs) {
  for (const auto& blob : blobs)
    for (const auto cell : blob.cells) cells_[cell] = 1;
}

void MotionSuspicion::was_in_vain(MonotonicTime now) {
  const auto alone = first_rest * (1 << std::min(in_vain_, most_doublings));
  for (std::size_t cell = 0; cell < cells_.size(); ++cell)
    if (cells_[cell] != 0) left_alone_until_[cell] = now + alone;
  ++in_vain_;
}

bool MotionSuspicion::is_left_alone(const MotionBlob& blob, MonotonicTime now) const {
  const auto known = std::count_if(blob.cells.begin(), blob.cells.end(),
                                   [&](std::uint16_t cell) { return now < left_alone_until_[cell]; });
  return 2 * known >= static_cast<std::ptrdiff_t>(blob.cells.size());
}

}  // namespace porchlight::vision
