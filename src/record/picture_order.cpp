// SPDX-License-Identifier: Apache-2.0
#include "record/picture_order.hpp"

#include <algorithm>

#include "porchlight/media/packet_time.hpp"

extern "C" {
#include <libavcodec/packet.h>
#include <libavutil/avutil.h>
}

namespace porchlight::record {
namespace {

using namespace std::chrono_literals;
constexpr int deepest = 16;  // pictures; what H.264 and H.265 allow
// No camera holds a picture back for longer, unless it sends few.
constexpr PictureOrder::Time longest_wait = 2s;

// When it is to be decoded.
bool is_told(const media::Packet& picture) {
  return picture.data->dts != AV_NOPTS_VALUE || picture.data->pts == AV_NOPTS_VALUE;
}

}  // namespace

PictureOrder::PictureOrder(const media::Packet& first)
    : shown_(shown_time(first)), reached_(reached(first)) {}

std::optional<PictureOrder::Time> PictureOrder::reached(const media::Packet& picture) const {
  return is_told(picture) ? decode_time(picture) : std::max(shown_, shown_time(picture));
}

// What precedes a keyframe is shown before it.
bool PictureOrder::goes_back(const media::Packet& picture, Time step) const {
  if (is_told(picture)) {
    const auto time = decode_time(picture);
    return time && reached_ && *time < *reached_;
  }
  const auto shown = shown_time(picture);
  if (!shown_ || *shown >= *shown_) return false;
  return picture.keyframe || behind_ >= deepest || *shown_ - *shown > std::max(longest_wait, deepest * step);
}

// Where nothing is coded in another order than it is shown, a camera left it out itself.
PictureOrder::Time PictureOrder::missing_before(const media::Packet& keyframe, Time step) const {
  const auto shown = shown_time(keyframe);
  if (!shown || !shown_) return {};
  const auto missing = *shown - *shown_ - step;
  if (!is_told(keyframe)) return turned_about_ ? missing : Time{};
  return std::min(missing, *shown - *decode_time(keyframe));
}

void PictureOrder::saw(const media::Packet& picture) {
  const auto shown = shown_time(picture);
  const bool is_behind = shown && shown_ && *shown < *shown_;
  behind_ = is_behind ? behind_ + 1 : 0;
  turned_about_ = turned_about_ || is_behind;
  reached_ = reached(picture);
  shown_ = std::max(shown_, shown);
}

}  // namespace porchlight::record
