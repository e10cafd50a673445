// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <optional>

#include "porchlight/media/packet.hpp"

namespace porchlight::record {

// The time that a stream has reached, by its own clock. It grows from picture to picture also where B-frames
// turn their order about and nobody says when each is to be decoded (RTP tells only when it is shown).
class PictureOrder {
 public:
  using Time = std::chrono::nanoseconds;
  // `first`: the first picture of a segment, a keyframe.
  explicit PictureOrder(const media::Packet& first);

  // With this picture; nothing where the stream says no times.
  std::optional<Time> reached(const media::Packet& picture) const;
  // Whether the stream's time went back with it, which is more than an order turned about. `step`: between
  // pictures, as it is usual.
  bool goes_back(const media::Packet& picture, Time step) const;
  // So much is missing of what is to be shown in front of a keyframe that comes next.
  Time missing_before(const media::Packet& keyframe, Time step) const;
  // Each picture, after it was asked about.
  void saw(const media::Packet& picture);

 private:
  std::optional<Time> shown_;    // the latest of all
  std::optional<Time> reached_;  // behind it: it is made with it
  int behind_ = 0;               // so many in a row are shown before it
  bool turned_about_ = false;
};

}  // namespace porchlight::record
