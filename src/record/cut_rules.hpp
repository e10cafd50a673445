// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "porchlight/media/packet.hpp"
#include "record/picture_order.hpp"

namespace porchlight::record {

// Whether the camera sent nothing for a while. By both clocks: what there was to see in between was never
// sent. By ours alone it may be the network, behind which everything is still to come: who then catches up
// has missed nothing, who does not has.
class PauseWatch {
 public:
  using Duration = std::chrono::nanoseconds;
  // Between this picture and the one before so much passed for us and for the camera; since the segment began
  // the camera fell so far behind us. True: a pause by both clocks.
  bool saw(Duration passed, Duration lasted, Duration behind);
  // A pause by our clock alone, of which it is too early to say what it was.
  bool is_open() const noexcept { return lag_ && since_ < enough; }
  std::chrono::nanoseconds step() const noexcept { return step_; }  // between pictures, as it is usual
  // One that it has not caught up with.
  bool has_hole() const noexcept { return lag_ && !is_open() && !catches_up_; }

 private:
  static constexpr int enough = 8;  // so many steps tell what is usual

  Duration step_{};  // between pictures, smoothed
  int steps_ = 0;
  std::optional<Duration> lag_;  // right behind the pause
  int since_ = 0;                // pictures
  Duration lasted_{};            // for the camera, since then
  bool catches_up_ = false;
};

// Where one segment ends, as far as the packets themselves say. Its first picture was a keyframe.
class CutRules {
 public:
  // `segment`: after so much the next keyframe begins another one.
  CutRules(const media::Packet& first, std::chrono::milliseconds segment);

  enum class Verdict : std::uint8_t {
    goes_on,  // the picture belongs into the segment
    cut,      // it is a keyframe, and the first of the next segment; nothing is missing between them
    broken,   // it cannot stand in this segment and cannot begin one
    paused,   // time is missing in front of it, of which nothing was sent, keyframe or not
  };
  Verdict judge(const media::Packet& picture);
  // Of the keyframe that was judged last: where a segment begins with it, so much of the pictures that are
  // shown before it is missing. They come behind it and refer to what came before.
  std::chrono::nanoseconds hole() const noexcept { return hole_; }
  // Of the last verdict that was not goes_on; for people.
  const std::string& reason() const noexcept { return reason_; }

 private:
  bool fits(const media::Packet& picture);
  bool is_due(const media::Packet& keyframe);
  bool no(const char* reason);
  bool pauses(const media::Packet& picture);
  void measure_hole(const media::Packet& keyframe);

  const std::chrono::milliseconds segment_;
  const std::shared_ptr<const media::StreamInfo> stream_;
  const MonotonicTime first_arrived_;
  PictureOrder order_;  // up to the picture before
  const std::optional<std::chrono::nanoseconds> first_time_;
  const std::string parameters_;
  // of the picture before
  MonotonicTime arrived_;
  std::optional<std::chrono::nanoseconds> time_;
  MonotonicTime keyframe_;  // when the last one arrived
  std::chrono::nanoseconds hole_{};
  PauseWatch pause_;
  std::string reason_;
};

}  // namespace porchlight::record
