// SPDX-License-Identifier: Apache-2.0
#include "record/cut_rules.hpp"

#include <algorithm>

#include "porchlight/media/packet_time.hpp"
#include "record/closed_keyframe.hpp"

namespace porchlight::record {
namespace {

using namespace std::chrono_literals;
// How far the camera's time may be from ours within a segment: by a step, or little by little.
constexpr std::chrono::nanoseconds tolerance = 1s;
// What is no pause yet, however fast pictures came before; else so many times the usual step.
constexpr std::chrono::nanoseconds least_pause = 2s;
constexpr int most_steps = 5;
// A file has to end some time, however long a camera does without keyframes.
constexpr std::chrono::nanoseconds longest_group = 10min;
// No camera holds a picture back for longer.
constexpr std::chrono::nanoseconds longest_hole = 2s;

}  // namespace

// A camera that sends a picture a minute does not pause.
bool PauseWatch::saw(Duration passed, Duration lasted, Duration behind) {
  const auto limit = std::max(least_pause, most_steps * step_);
  const bool is_long = steps_ >= enough && passed > limit;
  if (is_long && lasted > limit) return true;
  // One picture had been on its way; the next says how late it is.
  if (lag_ && lasted > limit && behind >= -tolerance) return true;
  if (is_long) {
    lag_ = behind;
    since_ = 0;
    lasted_ = {};
    catches_up_ = false;
  } else if (lag_) {
    ++since_;
    lasted_ += lasted;
    catches_up_ = catches_up_ || behind < *lag_ - lasted_ / 2;
    if (behind <= tolerance) lag_.reset();
  }
  step_ += (std::max(Duration{}, lasted) - step_) / std::min(++steps_, enough);
  return false;
}

CutRules::CutRules(const media::Packet& first, std::chrono::milliseconds segment)
    : segment_(segment),
      stream_(first.stream),
      first_arrived_(first.arrived),
      order_(first),
      first_time_(order_.reached(first)),
      parameters_(parameter_sets(first)),
      arrived_(first.arrived),
      time_(first_time_),
      keyframe_(first.arrived) {}

CutRules::Verdict CutRules::judge(const media::Packet& picture) {
  const bool paused = pauses(picture);
  if (picture.keyframe) measure_hole(picture);
  const bool continues = !paused && fits(picture) && !(picture.keyframe && is_due(picture));
  arrived_ = picture.arrived;
  time_ = order_.reached(picture);
  order_.saw(picture);
  if (picture.keyframe) keyframe_ = arrived_;
  if (continues) return Verdict::goes_on;
  if (paused || (picture.keyframe && pause_.has_hole())) return Verdict::paused;
  return picture.keyframe ? Verdict::cut : Verdict::broken;
}

bool CutRules::pauses(const media::Packet& picture) {
  const auto passed = picture.arrived - arrived_;
  const auto time = order_.reached(picture);
  const auto lasted = time && time_ ? *time - *time_ : passed;
  const auto behind = time && first_time_ ? (picture.arrived - first_arrived_) - (*time - *first_time_)
                                          : std::chrono::nanoseconds{};
  return pause_.saw(passed, lasted, behind) && !no("nothing came for a while");
}

// What is to be shown between the latest picture that is there and this one.
void CutRules::measure_hole(const media::Packet& keyframe) {
  hole_ = {};
  if (is_closed(keyframe)) return;
  const auto hole = order_.missing_before(keyframe, pause_.step());
  if (hole > pause_.step() / 2) hole_ = std::min(hole, longest_hole);
}

bool CutRules::no(const char* reason) {
  reason_ = reason;
  return false;
}

bool CutRules::fits(const media::Packet& picture) {
  if (!same_coding(*picture.stream, *stream_)) return no("the stream changed");
  if (!picture.keyframe &&
      picture.arrived - keyframe_ > std::max<std::chrono::nanoseconds>(2 * segment_, longest_group))
    return no("no keyframe comes any more");
  const auto time = order_.reached(picture);
  if (!time || !time_) return true;
  if (order_.goes_back(picture, pause_.step())) return no("timestamps went back");
  // Late arrival is no jump: after a hitch of the network the camera's time is the better one.
  if ((*time - *time_) - (picture.arrived - arrived_) > tolerance) return no("timestamps jumped");
  return true;
}

bool CutRules::is_due(const media::Packet& keyframe) {
  if (const auto sets = parameter_sets(keyframe); !sets.empty() && sets != parameters_)
    return !no("the parameters changed");
  if (pause_.is_open()) return false;
  const auto passed = keyframe.arrived - first_arrived_;
  const auto time = order_.reached(keyframe);
  const auto lasted = time && first_time_ ? *time - *first_time_ : passed;
  // Rather a keyframe that costs nothing; a camera may send no other.
  if (hole_ > std::chrono::nanoseconds{} && lasted < 2 * segment_) return false;
  if (lasted >= segment_) return !no("its time is over");
  if (std::chrono::abs(lasted - passed) > tolerance) return !no("timestamps drifted");
  return false;
}

}  // namespace porchlight::record
