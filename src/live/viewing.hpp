// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "live/track_clock.hpp"
#include "porchlight/live/lane.hpp"

namespace porchlight::live {

// One picture as it goes to everybody.
struct Fragment {
  http::SharedFrame frame;
  bool keyframe = false;
  MonotonicTime arrived{};
  // for HLS
  std::size_t offset = 0;  // of the MP4 in the frame
  Time at{};               // in the film, when it is decoded
  WallTime wall{};         // when it arrived
};

// What goes in front of the fragments of one muxer.
struct Head {
  std::uint64_t number = 0;  // of this stream's heads
  std::string text;
  http::SharedFrame frame;
  std::size_t offset = 0;  // of the MP4 in the frame
};

// What one viewer has been given. Lane's thread.
class Viewing {
 public:
  Viewing(std::shared_ptr<Viewer> viewer, const Limits& limits, MonotonicTime joined)
      : viewer_(std::move(viewer)), limits_(&limits), joined_(joined), allowance_(limits.waiting_bytes) {}

  // The picture, and the head if it is another than before; false: it does not keep up, and gets nothing
  // before the next keyframe.
  bool give(const Head& head, const Fragment& fragment, MonotonicTime now);
  // Around a group that was kept and is given at once: it may wait for that beyond what else may, until it
  // has read it.
  void begin_group() noexcept;
  void end_group() noexcept;
  // Once, until something else is said or shown.
  void tell(std::string_view message);
  // Ends one who is silent or stays behind; false: it has left or was ended.
  bool is_well(MonotonicTime now);

  const Viewer& viewer() const noexcept { return *viewer_; }
  MonotonicTime joined() const noexcept { return joined_; }
  bool is_new() const noexcept { return given_bytes_ == 0; }
  std::uint64_t take_bytes() noexcept { return std::exchange(untold_bytes_, 0); }
  // Every five seconds, while pictures are given.
  bool is_measured(MonotonicTime now);
  void note_latency(std::chrono::duration<double> latency) noexcept { latency_ = latency; }
  // As it was measured last; nothing before that.
  std::optional<std::chrono::duration<double>> latency() const noexcept { return latency_; }

 private:
  bool keeps_up(MonotonicTime now);
  void put(const http::SharedFrame& frame);

  std::shared_ptr<Viewer> viewer_;
  const Limits* limits_;
  MonotonicTime joined_;
  std::size_t allowance_;
  bool in_group_ = false;
  std::uint64_t given_before_group_ = 0;
  std::uint64_t head_ = 0;  // 0: none yet
  bool needs_keyframe_ = true;
  std::optional<MonotonicTime> behind_since_;
  std::string told_;
  std::uint64_t given_bytes_ = 0;
  std::uint64_t untold_bytes_ = 0;
  std::optional<MonotonicTime> measured_;
  std::optional<std::chrono::duration<double>> latency_;
};

}  // namespace porchlight::live
