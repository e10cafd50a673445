// SPDX-License-Identifier: Apache-2.0
#include "vision/motion_blobs.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace porchlight::vision {
namespace {

constexpr int least_cells = 3;
constexpr int least_moved = 2;
constexpr int moved_share = 8;        // one cell in so many must have another structure
constexpr float largest_part = 0.7F;  // of the picture: no mover is as large
constexpr float plain_variance = 12;  // of the samples of a cell without structure, beside the noise's

// How many bytes of a cell's row, each 0 or 0xFF, are set.
int count_set(const std::uint8_t* row) {
  std::uint64_t bytes = 0;
  static_assert(sizeof bytes == cell_side);
  std::memcpy(&bytes, row, sizeof bytes);
  return static_cast<int>(((bytes & 0x0101010101010101ULL) * 0x0101010101010101ULL) >> 56);
}

struct CellSums {
  int now = 0, before = 0, now_now = 0, before_before = 0, both = 0;
  int slope_x = 0, slope_y = 0;  // of the difference, by twice the distance from the cell's middle
};

CellSums sums_of(const media::Image& plane, const MotionBackground& background, int left, int top) {
  CellSums sums;
  for (int y = top; y < top + cell_side; ++y) {
    const std::uint8_t* now = plane.pixels.data() + static_cast<std::size_t>(y * plane.width + left);
    const std::uint8_t* before = background.mean_row(y) + left;
    for (int x = 0; x < cell_side; ++x) {
      sums.now += now[x];
      sums.before += before[x];
      sums.now_now += now[x] * now[x];
      sums.before_before += before[x] * before[x];
      sums.both += now[x] * before[x];
      sums.slope_x += (now[x] - before[x]) * (2 * x - (cell_side - 1));
      sums.slope_y += (now[x] - before[x]) * (2 * (y - top) - (cell_side - 1));
    }
  }
  return sums;
}

constexpr float samples = cell_side * cell_side;

float covariance(int product_sum, int a, int b) {
  return (static_cast<float>(product_sum) - static_cast<float>(a) * static_cast<float>(b) / samples) /
         samples;
}

// How far the difference is from a plane through it: light comes and goes smoothly, whatever it falls on.
float unevenness(const CellSums& sums) {
  // Of twice the distances, over all samples.
  constexpr float squares = samples * (cell_side * cell_side - 1) / 3;
  const int difference = sums.now - sums.before;
  const float variance =
      covariance(sums.now_now - 2 * sums.both + sums.before_before, difference, difference);
  const auto x = static_cast<float>(sums.slope_x), y = static_cast<float>(sums.slope_y);
  return variance - (x * x + y * y) / squares / samples;
}

}  // namespace

CellKind MotionBlobs::kind_of(const media::Image& plane, int left, int top) {
  const auto sums = sums_of(plane, background_, left, top);
  const float now = covariance(sums.now_now, sums.now, sums.now);
  const float before = covariance(sums.before_before, sums.before, sums.before);
  const float noise = background_.noise();
  // What a decoder puts where it has nothing: exactly one level, in the middle.
  const float level = static_cast<float>(sums.now) / samples;
  if (now < 0.5F && std::abs(level - 128) < 6 && before > 1) ++grey_cells_;
  if (tuning_.same_structure > 1) return CellKind::moved;
  const float plain = plain_variance + 3 * noise * noise;
  if ((now <= plain && before <= plain) || unevenness(sums) <= plain) return CellKind::lit;
  if (now <= plain || before <= plain / 4) return CellKind::moved;
  const float alike = covariance(sums.both, sums.now, sums.before) / std::sqrt(now * before);
  return alike >= tuning_.same_structure ? CellKind::lit : CellKind::moved;
}

const std::vector<MotionBlob>& MotionBlobs::find(const media::Image& plane,
                                                 const std::vector<std::uint8_t>& changed) {
  columns_ = plane.width / cell_side;
  rows_ = plane.height / cell_side;
  const auto cells = static_cast<std::size_t>(columns_ * rows_);
  kinds_.assign(cells, CellKind::still);
  counts_.assign(cells, 0);
  taken_.assign(cells, 0);
  blobs_.clear();
  grey_cells_ = 0;
  for (int y = 0; y < rows_ * cell_side; ++y) {
    const std::uint8_t* row = changed.data() + static_cast<std::size_t>(y * plane.width);
    std::uint8_t* counts = counts_.data() + static_cast<std::size_t>(y / cell_side * columns_);
    for (int x = 0; x < columns_; ++x)
      counts[x] = static_cast<std::uint8_t>(counts[x] + count_set(row + x * cell_side));
  }
  std::size_t hot = 0;
  for (std::size_t i = 0; i < cells; ++i) {
    if (counts_[i] < tuning_.dense) continue;
    const int left = static_cast<int>(i) % columns_ * cell_side,
              top = static_cast<int>(i) / columns_ * cell_side;
    if (tuning_.remembers)
      counts_[i] = static_cast<std::uint8_t>(memory_.strange(plane, changed, left, top, background_.step()));
    if (counts_[i] < tuning_.dense) continue;
    kinds_[i] = kind_of(plane, left, top);
    ++hot;
  }
  const auto all = static_cast<float>(std::max<std::size_t>(1, cells));
  changed_part_ = static_cast<float>(hot) / all;
  grey_part_ = static_cast<float>(grey_cells_) / all;
  for (std::size_t i = 0; i < cells; ++i)
    if (kinds_[i] != CellKind::still && taken_[i] == 0) collect(static_cast<std::uint16_t>(i));
  return blobs_;
}

// All that touches the seed, also by a corner.
void MotionBlobs::collect(std::uint16_t seed) {
  MotionBlob blob;
  blob.cells.push_back(seed);
  taken_[seed] = 1;
  for (std::size_t next = 0; next < blob.cells.size(); ++next) {
    const int column = blob.cells[next] % columns_, row = blob.cells[next] / columns_;
    for (int y = std::max(0, row - 1); y <= std::min(rows_ - 1, row + 1); ++y)
      for (int x = std::max(0, column - 1); x <= std::min(columns_ - 1, column + 1); ++x) {
        const auto i = static_cast<std::uint16_t>(y * columns_ + x);
        if (taken_[i] != 0 || kinds_[i] == CellKind::still) continue;
        taken_[i] = 1;
        blob.cells.push_back(i);
      }
  }
  int weights = 0, first_column = columns_, last_column = 0, first_row = rows_, last_row = 0;
  for (const auto i : blob.cells) {
    const int column = i % columns_, row = i / columns_, weight = counts_[i];
    blob.moved += kinds_[i] == CellKind::moved ? 1 : 0;
    blob.x += static_cast<float>(weight * (column * cell_side + cell_side / 2));
    blob.y += static_cast<float>(weight * (row * cell_side + cell_side / 2));
    weights += weight;
    first_column = std::min(first_column, column), last_column = std::max(last_column, column);
    first_row = std::min(first_row, row), last_row = std::max(last_row, row);
  }
  blob.x /= static_cast<float>(std::max(1, weights));
  blob.y /= static_cast<float>(std::max(1, weights));
  blob.left = first_column * cell_side, blob.right = (last_column + 1) * cell_side;
  blob.top = first_row * cell_side, blob.bottom = (last_row + 1) * cell_side;
  if (!is_something(blob)) return;
  std::sort(blob.cells.begin(), blob.cells.end());
  blobs_.push_back(std::move(blob));
}

bool MotionBlobs::is_something(const MotionBlob& blob) const {
  const auto cells = static_cast<int>(blob.cells.size());
  if (cells < least_cells || blob.moved < least_moved || blob.moved * moved_share < cells) return false;
  return tuning_.light_part > 1 ||
         static_cast<float>(cells) < largest_part * static_cast<float>(columns_ * rows_);
}

}  // namespace porchlight::vision
