// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>

#include "porchlight/media/packet.hpp"

namespace porchlight::camera {

// Pictures and sound of one RTP session have clocks of their own; the camera's reports (RTCP, RFC
// 3550, 6.4.1) say how they belong together. libavformat counts each from its own first packet until then,
// and at the first report moves one of them, mostly by less than a second and often backwards. Pictures must
// not jump for the sake of the sound: whatever step they make there is taken back, from both alike.
class ReportStep {
 public:
  // The next packet, in the order in which they come.
  void settle(AVPacket& packet, const media::StreamInfo& stream);

 private:
  void measure(const AVPacket& picture);

  std::int64_t shift_ = 0;  // added to everything, in the video's time base
  int base_num_ = 0;        // which is this
  int base_den_ = 1;
  std::optional<std::int64_t> last_;  // the newest picture's time, as libav gave it
  std::optional<std::int64_t> pace_;  // and the distance to the one before
  bool turned_about_ = false;         // by B-frames, which have no pace: then the step stays
  int to_settle_ = 0;                 // pictures that may still make the step
  bool reported_ = false;
};

}  // namespace porchlight::camera
