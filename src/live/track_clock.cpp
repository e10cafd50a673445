// SPDX-License-Identifier: Apache-2.0
#include "live/track_clock.hpp"

#include <algorithm>

#include "porchlight/media/packet_time.hpp"

extern "C" {
#include <libavcodec/packet.h>
#include <libavutil/avutil.h>
#include <libavutil/mathematics.h>
}

namespace porchlight::live {
namespace {

using namespace std::chrono_literals;

constexpr Time most_apart = 1s;      // sound and pictures, by their clocks and by arrival
constexpr Time longest_jump = 3s;    // beyond what passed meanwhile
constexpr Time most_back = 500ms;    // beyond what turning the order about makes of it
constexpr std::size_t deepest = 16;  // pictures; what H.264 and H.265 allow
constexpr int likely_depth = 4;      // what encoders use, where they turn the order about at all
constexpr std::size_t steps_kept = 8;

// A stream's clock steps back where pictures come in another order than they are shown; beyond that it was
// set.
Time furthest_back(Time step, int depth) {
  return std::max(most_back, step * std::max(depth, likely_depth));
}

bool tells_decoding(const media::Packet& picture) {
  return picture.data->dts != AV_NOPTS_VALUE && picture.data->pts != AV_NOPTS_VALUE &&
         picture.data->dts <= picture.data->pts;
}

}  // namespace

TrackClock::TrackClock(MonotonicTime begun) : TrackClock(begun, most_back) {}

bool TrackClock::is_jump(Time time, MonotonicTime arrived) const {
  if (!placed_) return std::chrono::abs(time - (arrived - begun_)) > most_apart;
  return last_ - time > back_ || std::chrono::abs((time - last_) - (arrived - last_arrived_)) > longest_jump;
}

Time TrackClock::at(std::optional<Time> own, MonotonicTime arrived) {
  const Time arrival = arrived - begun_;
  auto time = arrival;
  jumped_ = false;
  if (own) {
    if (!difference_) difference_ = arrival - *own;
    time = *own + *difference_;
    jumped_ = is_jump(time, arrived);
    if (jumped_) {
      time = placed_ ? std::max(arrival, last_) : arrival;
      difference_ = time - *own;
    }
  }
  placed_ = true;
  last_ = time;
  last_arrived_ = arrived;
  return time;
}

void TrackClock::follow(const TrackClock& other) {
  if (!placed_) difference_ = other.difference_;
}

PictureClock::PictureClock(MonotonicTime begun, std::int64_t per_second, Time step, int depth)
    : per_second_(per_second),
      clock_(begun, furthest_back(step, depth)),
      depth_(depth),
      step_(std::max<std::int64_t>(1, ticks(step))) {}

std::int64_t PictureClock::ticks(Time time) const {
  return av_rescale(time.count(), per_second_, 1'000'000'000);
}

// As if pictures had come before this one, as they usually do.
void PictureClock::fill_window(std::int64_t shown) {
  window_.clear();
  for (int i = depth_; i > 0; --i) window_.push_back(shown - i * step_);
}

// Where times from before an interruption were left, they would be given to the pictures behind it, and the
// interruption would lie within their group: browsers wait for a keyframe behind one.
bool PictureClock::is_interrupted(std::int64_t shown) const {
  return clock_.jumped() || (!window_.empty() && shown - window_.back() > per_second_ + depth_ * step_);
}

// Of the pictures that may still come the earliest is the one that is decoded next.
std::int64_t PictureClock::decoded_at(const media::Packet& picture, std::int64_t shown) {
  if (tells_decoding(picture)) {
    const auto ahead = *media::shown_time(picture) - *media::decode_time(picture);
    if (!begun_) lead_ = std::max(lead_, ticks(ahead));
    return shown - ticks(ahead);
  }
  window_.insert(std::upper_bound(window_.begin(), window_.end(), shown), shown);
  const auto earliest = window_.front();
  window_.erase(window_.begin());
  return earliest;
}

media::PlacedTime PictureClock::place(const media::Packet& picture) {
  const auto own =
      picture.data->pts != AV_NOPTS_VALUE ? media::shown_time(picture) : media::decode_time(picture);
  const auto shown = ticks(clock_.at(own, picture.arrived));
  if (!begun_ && !tells_decoding(picture)) lead_ = depth_ * step_;
  if (!begun_ || is_interrupted(shown)) fill_window(shown);
  media::PlacedTime time;
  const auto decoded = decoded_at(picture, shown);
  time.dts = std::max(decoded + lead_, last_dts_ + 1);
  time.pts = std::max(shown + lead_, time.dts);
  // One that is a second long is an interruption.
  if (begun_ && time.dts - last_dts_ < per_second_) steps_.push_back(time.dts - last_dts_);
  if (steps_.size() > steps_kept) steps_.erase(steps_.begin());
  // How long it lasts is not known before the next one comes. Said too short, a browser takes a slower
  // picture for a jump and waits for a keyframe; said too long, the next one just replaces its end.
  time.duration = steps_.empty() ? step_ : *std::max_element(steps_.begin(), steps_.end());
  begun_ = true;
  last_dts_ = time.dts;
  return time;
}

int PictureDepth::depth() const noexcept {
  return told_ || depth_ == 0 ? 0 : std::max(depth_, likely_depth);
}

void PictureDepth::saw(const media::Packet& picture) {
  if (tells_decoding(picture)) told_ = true;
  const auto shown = media::shown_time(picture);
  ++seen_;
  if (!shown) return;
  if (picture.keyframe) newest_.clear();
  const auto later =
      std::count_if(newest_.begin(), newest_.end(), [&](auto other) { return other > *shown; });
  depth_ = std::max(depth_, static_cast<int>(later));
  newest_.push_back(*shown);
  if (newest_.size() > deepest) newest_.erase(newest_.begin());
}

}  // namespace porchlight::live
