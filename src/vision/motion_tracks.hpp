// SPDX-License-Identifier: Apache-2.0
// Things from picture to picture: which of them go somewhere.
#pragma once

#include <cstdint>
#include <vector>

#include "porchlight/base/clock.hpp"
#include "vision/motion_blobs.hpp"

namespace porchlight::vision {

class MotionTrack {
 public:
  MotionTrack(const MotionBlob& blob, MonotonicTime at);

  void see(const MotionBlob& blob, MonotonicTime at, const MotionTuning& tuning);

  // Seen often enough (twice as often for a short way), and away from where it was on a straight way; or,
  // seen four times as often, much larger or smaller without much to and fro.
  bool has_moved(const MotionTuning& tuning) const;
  const MotionBlob& blob() const noexcept { return blob_; }
  MonotonicTime first_seen() const noexcept { return first_seen_; }
  MonotonicTime last_seen() const noexcept { return last_seen_; }
  MonotonicTime last_progress() const noexcept { return last_progress_; }
  int missed_in_a_row() const noexcept { return missed_run_; }
  void end_picture(bool seen) noexcept;  // whether it was seen in it

  bool mover = false;  // has_moved() was true once, where it counts

 private:
  bool went_somewhere(const MotionTuning& tuning) const;
  bool came_nearer(const MotionTuning& tuning) const;

  MotionBlob blob_;  // newest
  MonotonicTime first_seen_;
  MonotonicTime last_seen_;
  MonotonicTime last_progress_;
  float first_x_, first_y_;
  int first_moved_;
  struct Bounds {
    int left, top, right, bottom;
  } bounds_;                   // of the first sightings, in samples
  float anchor_x_, anchor_y_;  // where it was when it last made progress
  int anchor_moved_;
  float path_ = 0;
  int size_path_ = 0;  // cells that came and went
  int hits_ = 1;
  int missed_ = 0;
  int missed_run_ = 0;
};

class MotionTracks {
 public:
  explicit MotionTracks(const MotionTuning& tuning) : tuning_(tuning) {}

  // Gives each blob to the track whose cells it overlaps most, or begins one.
  void follow(const std::vector<MotionBlob>& blobs, MonotonicTime at);
  void clear() { tracks_.clear(); }
  std::vector<MotionTrack>& all() noexcept { return tracks_; }

 private:
  const MotionTuning& tuning_;
  std::vector<MotionTrack> tracks_;
};

}  // namespace porchlight::vision
