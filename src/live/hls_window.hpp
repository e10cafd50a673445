// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <vector>

#include "live/track_clock.hpp"
#include "live/viewing.hpp"
#include "porchlight/live/hls.hpp"

namespace porchlight::live {

struct HlsPart {
  http::SharedSlices pictures;
  Time begin{};
  Time duration{};
  bool independent = false;  // a keyframe is in it
  MonotonicTime arrived{};   // its first picture
};

struct HlsHead {
  std::uint64_t number = 0;  // of the first segment that follows it
  http::SharedSlice bytes;
};

struct HlsSegment {
  std::uint64_t number = 0;
  std::shared_ptr<const HlsHead> head;
  bool discontinuity = false;  // from the one before
  WallTime begun{};
  Time begin{};
  Time duration{};  // 0: not complete
  std::vector<HlsPart> parts;
  std::size_t bytes = 0;
  bool is_complete() const noexcept { return duration > Time::zero(); }
};

// The newest minutes of a stream as HLS lists them: segments that begin at keyframes, made of parts, made of
// the pictures that all viewers share. Bounded by number and by bytes. Thread-bound.
class HlsWindow {
 public:
  struct Limits {
    std::size_t segments = 20;                  // with those that are no longer listed
    std::size_t listed = 8;                     // complete ones
    std::size_t bytes = std::size_t{48} << 20;  // of media
    Time longest{std::chrono::seconds{10}};     // a segment; a longer group is cut between keyframes
  };

  // `first`: its media sequence number.
  HlsWindow(std::uint64_t first, Limits limits) : limits_(limits), next_(first) {}

  // True: something is new to those who wait.
  bool add(const Head& head, const Fragment& picture);
  // What came is listed although nothing follows, for no picture came for a while.
  bool close(MonotonicTime now);
  // What follows is another film.
  void interrupt() noexcept { interrupted_ = true; }

  // There is something to list: from then on the target durations are fixed.
  bool is_ready() const noexcept { return target_ > Time::zero(); }
  Time target() const noexcept { return target_; }            // whole seconds
  Time part_target() const noexcept { return part_target_; }  // of no part more
  const std::deque<HlsSegment>& segments() const noexcept { return segments_; }
  std::size_t first_listed() const noexcept { return first_listed_; }          // index into segments()
  std::uint64_t discontinuities() const noexcept { return discontinuities_; }  // that are listed no more

  // The part that comes next, by number of segment and part.
  std::pair<std::uint64_t, std::uint64_t> coming() const noexcept;
  const HlsSegment* find(std::uint64_t number) const noexcept;
  std::shared_ptr<const HlsHead> head(std::uint64_t number) const noexcept;
  std::size_t bytes() const noexcept;
  // When the first picture of the newest listed part arrived.
  std::optional<MonotonicTime> newest() const noexcept;
  std::uint64_t next_number() const noexcept { return next_; }

 private:
  bool is_hole(Time gap) const;
  bool ends_segment(const Fragment& picture) const;
  Time end_before(const Fragment& picture) const;
  bool ends_part(const Fragment& picture) const;
  Time length_until(Time at) const;
  Time least_filled() const;  // what a part is listed with at least, unless it is its segment's last
  void end_part(Time at, bool is_last);
  void end_segment(Time at);
  void begin_segment(const Head& head, const Fragment& picture);
  void settle_target();
  void trim();

  const Limits limits_;
  std::uint64_t next_;
  std::deque<HlsSegment> segments_;  // the last one may grow
  std::size_t first_listed_ = 0;
  std::uint64_t discontinuities_ = 0;
  Time target_{};
  Time part_target_{};
  HlsPart open_;    // of the last segment, without pictures: none
  Time carried_{};  // by so much what is listed of the segment's parts is too short
  bool growing_ = false;
  bool interrupted_ = false;
  std::uint64_t head_number_ = 0;
  std::shared_ptr<const HlsHead> head_;
  Time last_{};  // picture
  Time step_{};  // between the last two
  MonotonicTime last_arrived_{};
  Time last_keyframe_{};
  Time group_{};  // between the last two keyframes
};

}  // namespace porchlight::live
