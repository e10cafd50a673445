// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

#include "porchlight/media/fragment_muxer.hpp"
#include "porchlight/media/packet.hpp"

namespace porchlight::live {

using Time = std::chrono::nanoseconds;  // of a film: since its first picture arrived

// From a stream's own clock to the film's. The stream's own steps are kept as long as it goes as fast as
// real time does; where it jumps (a camera that began anew), time goes on by when things arrive.
class TrackClock {
 public:
  explicit TrackClock(MonotonicTime begun);
  // `back`: so far the stream's clock may step back between two that come one behind the other.
  TrackClock(MonotonicTime begun, Time back) : begun_(begun), back_(back) {}

  // `own`: by the stream's clock; nothing where it says none.
  Time at(std::optional<Time> own, MonotonicTime arrived);
  // The same difference as another stream of the same camera, for a stream that has not begun: its clock is
  // the same unless that would put it far from where it arrived.
  void follow(const TrackClock& other);
  // Whether the last of `at` did not follow the stream's own clock.
  bool jumped() const noexcept { return jumped_; }

 private:
  bool is_jump(Time time, MonotonicTime arrived) const;

  const MonotonicTime begun_;
  const Time back_;
  bool jumped_ = false;
  std::optional<Time> difference_;  // film − own
  bool placed_ = false;
  Time last_{};
  MonotonicTime last_arrived_{};
};

// Places pictures one by one, in the order in which they are decoded. Where B-frames turn the order about and
// nobody says when each is to be decoded (RTP tells only when it is shown), it is made of when they are
// shown, as far back as `depth` pictures.
class PictureClock {
 public:
  // `step`: between pictures, as it is usual.
  PictureClock(MonotonicTime begun, std::int64_t per_second, Time step, int depth);

  media::PlacedTime place(const media::Packet& picture);
  // In ticks: all times of the film are later by so much, so that none is negative.
  std::int64_t lead() const noexcept { return lead_; }
  const TrackClock& clock() const noexcept { return clock_; }

 private:
  std::int64_t ticks(Time time) const;
  void fill_window(std::int64_t shown);
  bool is_interrupted(std::int64_t shown) const;
  std::int64_t decoded_at(const media::Packet& picture, std::int64_t shown);

  const std::int64_t per_second_;
  TrackClock clock_;
  const int depth_;
  const std::int64_t step_;
  std::int64_t lead_ = 0;
  bool begun_ = false;
  std::vector<std::int64_t> window_;  // of pictures that are shown later than they come, sorted
  std::int64_t last_dts_ = -1;
  std::vector<std::int64_t> steps_;  // the newest
};

// So many pictures that are shown later came before one, at most, of those seen.
class PictureDepth {
 public:
  void saw(const media::Packet& picture);
  void forget() { *this = {}; }
  // Whether enough was seen, or the pictures say themselves when they are decoded.
  bool is_known() const noexcept { return told_ || seen_ >= enough; }
  // Where any is turned about, as many as encoders usually do at least.
  int depth() const noexcept;

 private:
  static constexpr int enough = 6;
  std::vector<Time> newest_;
  int depth_ = 0;
  int seen_ = 0;
  bool told_ = false;
};

}  // namespace porchlight::live
