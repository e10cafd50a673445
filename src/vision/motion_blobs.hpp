// SPDX-License-Identifier: Apache-2.0
// From changed samples to things: cells, what became of each, and what hangs together.
#pragma once

#include <cstdint>
#include <vector>

#include "vision/motion_background.hpp"
#include "vision/motion_memory.hpp"

namespace porchlight::vision {

enum class CellKind : std::uint8_t {
  still,
  lit,    // other brightness, same or no structure: light, or the inside of something plain
  moved,  // other structure
};

struct MotionBlob {
  std::vector<std::uint16_t> cells;  // indices, ascending
  int moved = 0;                     // those of that kind
  float x = 0;                       // centre by changed samples, in samples
  float y = 0;
  int left = 0;  // box in samples
  int top = 0;
  int right = 0;
  int bottom = 0;
  int width() const noexcept { return right - left; }
  int height() const noexcept { return bottom - top; }
};

class MotionBlobs {
 public:
  MotionBlobs(const MotionTuning& tuning, const MotionBackground& background, const MotionMemory& memory)
      : tuning_(tuning), background_(background), memory_(memory) {}

  // What of the plane is something. Samples beyond the last whole cell do not take part.
  const std::vector<MotionBlob>& find(const media::Image& plane, const std::vector<std::uint8_t>& changed);

  int columns() const noexcept { return columns_; }
  int rows() const noexcept { return rows_; }
  const std::vector<CellKind>& kinds() const noexcept { return kinds_; }
  // Of the newest find(): cells that are lit or moved, and cells that became plain grey, as parts of all.
  float changed_part() const noexcept { return changed_part_; }
  float grey_part() const noexcept { return grey_part_; }

 private:
  CellKind kind_of(const media::Image& plane, int left, int top);
  void collect(std::uint16_t seed);
  bool is_something(const MotionBlob& blob) const;

  const MotionTuning& tuning_;
  const MotionBackground& background_;
  const MotionMemory& memory_;
  int columns_ = 0;
  int rows_ = 0;
  std::vector<CellKind> kinds_;
  std::vector<std::uint8_t> counts_;  // changed samples of each cell
  std::vector<std::uint8_t> taken_;
  std::vector<MotionBlob> blobs_;
  int grey_cells_ = 0;
  float changed_part_ = 0;
  float grey_part_ = 0;
};

}  // namespace porchlight::vision
