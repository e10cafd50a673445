// SPDX-License-Identifier: Apache-2.0
#include "vision/motion_tracks.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>

namespace porchlight::vision {
namespace {

constexpr std::size_t most_tracks = 16;
constexpr int patience = 4;            // pictures without it, then it is gone
constexpr float least_overlap = 0.2F;  // of the smaller one's cells
constexpr float far_way = 40;          // samples: further than what only sways
constexpr float least_way = 8;         // samples
constexpr float way_by_size = 0.35F;   // of the box's shorter side
constexpr float straight = 0.6F;       // way as the crow flies, of the whole way
constexpr float still = 0.25F;         // a centre moves so far by itself
constexpr float steady = 0.7F;         // the same of what becomes larger or smaller
constexpr float seen_share = 0.6F;     // of the pictures since the first
constexpr int grown_from = 12;         // cells: smaller things change their size by themselves
constexpr float grown = 2;

float apart(float ax, float ay, float bx, float by) {
  return std::hypot(ax - bx, ay - by);
}

bool changed_size(int before, int now) {
  const auto larger = std::max(before, now), smaller = std::max(1, std::min(before, now));
  return larger >= grown_from && static_cast<float>(larger) >= grown * static_cast<float>(smaller);
}

float needed_way(const MotionBlob& blob) {
  return std::max(least_way, way_by_size * static_cast<float>(std::min(blob.width(), blob.height())));
}

// Both ascending.
float overlap(const MotionBlob& a, const MotionBlob& b) {
  std::size_t common = 0;
  for (auto i = a.cells.begin(), j = b.cells.begin(); i != a.cells.end() && j != b.cells.end();) {
    if (*i == *j)
      ++common, ++i, ++j;
    else if (*i < *j)
      ++i;
    else
      ++j;
  }
  return static_cast<float>(common) / static_cast<float>(std::min(a.cells.size(), b.cells.size()));
}

}  // namespace

MotionTrack::MotionTrack(const MotionBlob& blob, MonotonicTime at)
    : blob_(blob),
      first_seen_(at),
      last_seen_(at),
      last_progress_(at),
      first_x_(blob.x),
      first_y_(blob.y),
      first_moved_(blob.moved),
      bounds_{blob.left, blob.top, blob.right, blob.bottom},
      anchor_x_(blob.x),
      anchor_y_(blob.y),
      anchor_moved_(blob.moved) {}

void MotionTrack::see(const MotionBlob& blob, MonotonicTime at, const MotionTuning& tuning) {
  path_ += std::max(0.0F, apart(blob.x, blob.y, blob_.x, blob_.y) - still);
  size_path_ += std::abs(blob.moved - blob_.moved);
  blob_ = blob;
  last_seen_ = at;
  if (++hits_ <= 2 * tuning.sightings)
    bounds_ = {std::min(bounds_.left, blob.left), std::min(bounds_.top, blob.top),
               std::max(bounds_.right, blob.right), std::max(bounds_.bottom, blob.bottom)};
  if (apart(blob.x, blob.y, anchor_x_, anchor_y_) < needed_way(blob) &&
      !changed_size(anchor_moved_, blob.moved))
    return;
  last_progress_ = at;
  anchor_x_ = blob.x;
  anchor_y_ = blob.y;
  anchor_moved_ = blob.moved;
}

void MotionTrack::end_picture(bool seen) noexcept {
  missed_run_ = seen ? 0 : missed_run_ + 1;
  if (!seen) ++missed_;
}

// What sways goes straight for a moment, too, but stays within its own bounds: a short way must lead out of
// where it was at first.
bool MotionTrack::went_somewhere(const MotionTuning& tuning) const {
  const float way = apart(blob_.x, blob_.y, first_x_, first_y_);
  if (way < needed_way(blob_) || way < straight * path_) return false;
  if (way >= far_way) return true;
  const bool outside =
      blob_.x < static_cast<float>(bounds_.left) || blob_.x > static_cast<float>(bounds_.right) ||
      blob_.y < static_cast<float>(bounds_.top) || blob_.y > static_cast<float>(bounds_.bottom);
  return hits_ >= 2 * tuning.sightings && outside;
}

bool MotionTrack::came_nearer(const MotionTuning& tuning) const {
  const int way = std::abs(blob_.moved - first_moved_);
  return hits_ >= 4 * tuning.sightings && changed_size(first_moved_, blob_.moved) &&
         static_cast<float>(way) >= steady * static_cast<float>(size_path_);
}

bool MotionTrack::has_moved(const MotionTuning& tuning) const {
  if (!tuning.follows) return true;
  if (hits_ < tuning.sightings) return false;
  if (static_cast<float>(hits_) < seen_share * static_cast<float>(hits_ + missed_)) return false;
  return went_somewhere(tuning) || came_nearer(tuning);
}

void MotionTracks::follow(const std::vector<MotionBlob>& blobs, MonotonicTime at) {
  std::vector<std::uint8_t> seen(tracks_.size(), 0);
  for (const auto& blob : blobs) {
    std::size_t best = tracks_.size();
    float most = least_overlap;
    for (std::size_t i = 0; i < seen.size(); ++i) {
      if (seen[i] != 0) continue;
      const float common = overlap(tracks_[i].blob(), blob);
      if (common < most) continue;
      most = common;
      best = i;
    }
    if (best < seen.size()) {
      tracks_[best].see(blob, at, tuning_);
      seen[best] = 1;
    } else if (tracks_.size() < most_tracks) {
      tracks_.emplace_back(blob, at);
    }
  }
  for (std::size_t i = 0; i < seen.size(); ++i) tracks_[i].end_picture(seen[i] != 0);
  std::erase_if(tracks_, [](const MotionTrack& track) { return track.missed_in_a_row() > patience; });
}

}  // namespace porchlight::vision
