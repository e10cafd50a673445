// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "porchlight/base/clock.hpp"
#include "porchlight/event/event.hpp"
#include "porchlight/media/packet.hpp"
#include "porchlight/media/polygon.hpp"

namespace porchlight::vision {

struct MotionOptions {
  std::vector<media::Zone> zones;     // at most media::most_areas; none: the whole picture
  std::vector<media::Polygon> masks;  // where nothing counts
};

// A motion that begins, or has ended. Times are those of pictures' arrival.
struct MotionNews {
  bool ended = false;
  MonotonicTime start{};                 // the first picture in which what moves was seen
  MonotonicTime end{};                   // the last in which it moved; of a beginning: the newest
  std::vector<std::size_t> zones;        // places in the options' list, ascending; so far
  std::vector<event::MotionStep> track;  // the largest of what moved, at most 16 boxes
};

struct MotionTuning;  // src/vision/motion_tuning.hpp

// Watches one camera for movement (docs/motion.md says how, and what is none). Thread-bound: the camera's
// decode thread. Keeps small planes of the picture, about 0.7 MB, and no frame.
//
// At rest keyframes are enough for it; when one looks different it wants to see all pictures, those before it
// included, until it knows.
class MotionGate {
 public:
  explicit MotionGate(MotionOptions options);
  MotionGate(MotionOptions options, const MotionTuning& tuning);
  ~MotionGate();
  MotionGate(MotionGate&&) noexcept;
  MotionGate& operator=(MotionGate&&) noexcept;

  // Frames may go back in time once, to what was passed over at rest. One that cannot be read is passed over.
  std::optional<MotionNews> look(const media::Frame& frame);
  // Call now and then while no frame comes: a motion ends all the same.
  std::optional<MotionNews> tick(MonotonicTime now);
  // The stream is a new one: the picture must settle before anything counts. A motion goes on.
  void restart();
  // Nothing will be looked at any more.
  std::optional<MotionNews> finish();

  bool wants_all() const noexcept;  // false: keyframes will do
  bool moving() const noexcept;     // between the news of a beginning and that of its end

 private:
  class State;
  std::unique_ptr<State> state_;
};

}  // namespace porchlight::vision
