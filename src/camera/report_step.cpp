// SPDX-License-Identifier: Apache-2.0
#include "report_step.hpp"

#include <utility>

extern "C" {
#include <libavcodec/packet.h>
#include <libavutil/avutil.h>
#include <libavutil/mathematics.h>
}

namespace porchlight::camera {
namespace {

// The parser hands a picture out with the report of the one that follows, so the step comes with the next.
constexpr int pictures_around_report = 3;

bool is_reported(const AVPacket& packet) {
  return av_packet_get_side_data(&packet, AV_PKT_DATA_PRFT, nullptr) != nullptr;
}

void move(AVPacket& packet, std::int64_t by) {
  if (packet.pts != AV_NOPTS_VALUE) packet.pts += by;
  if (packet.dts != AV_NOPTS_VALUE) packet.dts += by;
}

}  // namespace

void ReportStep::settle(AVPacket& packet, const media::StreamInfo& stream) {
  if (stream.kind == media::MediaKind::audio) {
    if (base_num_ == 0) return;
    return move(packet,
                av_rescale_q(shift_, {base_num_, base_den_}, {stream.time_base_num, stream.time_base_den}));
  }
  base_num_ = stream.time_base_num;
  base_den_ = stream.time_base_den;
  measure(packet);
  move(packet, shift_);
}

void ReportStep::measure(const AVPacket& picture) {
  const std::int64_t at = picture.dts != AV_NOPTS_VALUE ? picture.dts : picture.pts;
  if (at == AV_NOPTS_VALUE) return;
  if (!std::exchange(reported_, reported_ || is_reported(picture)) && reported_)
    to_settle_ = pictures_around_report;
  const auto before = std::exchange(last_, at);
  if (!before) return;
  const std::int64_t step = at - *before;
  if (to_settle_ > 0) {
    --to_settle_;
    if (pace_ && !turned_about_) shift_ += *pace_ - step;
  } else if (step > 0) {
    pace_ = step;
  } else {
    turned_about_ = true;
  }
}

}  // namespace porchlight::camera
