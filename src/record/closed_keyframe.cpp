// SPDX-License-Identifier: Apache-2.0
#include "record/closed_keyframe.hpp"

#include <string_view>

#include "porchlight/media/nal_units.hpp"

extern "C" {
#include <libavcodec/codec_par.h>
#include <libavcodec/packet.h>
}

namespace porchlight::record {
namespace {

// ISO/IEC 14496-15: bytes of the length in front of each NAL unit; 0: start codes.
std::size_t length_size(const media::StreamInfo& stream, bool hevc) {
  const auto* told = stream.parameters.get();
  const int at = hevc ? 21 : 4;
  if (told == nullptr || told->extradata_size <= at || told->extradata[0] != 1) return 0;
  return (told->extradata[at] & 3U) + 1U;
}

}  // namespace

bool is_closed(const media::Packet& keyframe) {
  const bool hevc = keyframe.stream->codec == "hevc";
  if (!hevc && keyframe.stream->codec != "h264") return true;
  const std::string_view bytes(reinterpret_cast<const char*>(keyframe.data->data),
                               static_cast<std::size_t>(keyframe.data->size));
  media::NalUnits units(bytes, length_size(*keyframe.stream, hevc));
  while (units.next()) {
    // ITU-T H.264 table 7-1, H.265 table 7-1.
    const int type = hevc ? (units.head() >> 1) & 0x3F : units.head() & 0x1F;
    if (hevc && type < 32) return type >= 17 && type <= 20;
    if (!hevc && type >= 1 && type <= 5) return type == 5;
  }
  return true;
}

}  // namespace porchlight::record
