// SPDX-License-Identifier: Apache-2.0
#include "porchlight/media/packet_time.hpp"

#include <algorithm>
#include <string_view>

#include "porchlight/media/nal_units.hpp"

extern "C" {
#include <libavcodec/codec_par.h>
#include <libavcodec/packet.h>
#include <libavutil/mathematics.h>
}

namespace porchlight::media {
namespace {

enum class Unit : std::uint8_t { parameters, picture, other };

// ITU-T H.264 table 7-1, H.265 table 7-1.
Unit unit_of(std::uint8_t head, bool hevc) noexcept {
  if (hevc) {
    const int type = (head >> 1) & 0x3F;
    if (type >= 32 && type <= 34) return Unit::parameters;
    return type < 32 ? Unit::picture : Unit::other;
  }
  const int type = head & 0x1F;
  if (type == 7 || type == 8) return Unit::parameters;
  return type >= 1 && type <= 5 ? Unit::picture : Unit::other;
}

// Of H.264 or H.265. Lengths instead of start codes come with a description that begins with its version, 1;
// a length alone may look like a start code.
bool is_annex_b(const StreamInfo& stream, std::string_view bytes) noexcept {
  const auto* description = stream.parameters.get();
  const bool has_lengths =
      description != nullptr && description->extradata_size > 0 && description->extradata[0] == 1;
  return !has_lengths && bytes.find(start_code) <= 1;
}

std::optional<std::chrono::nanoseconds> time_of(std::int64_t ticks, const StreamInfo& stream) {
  if (ticks == AV_NOPTS_VALUE) return std::nullopt;
  const AVRational base{stream.time_base_num, stream.time_base_den};
  return std::chrono::nanoseconds{av_rescale_q(ticks, base, AVRational{1, 1'000'000'000})};
}

}  // namespace

std::optional<std::chrono::nanoseconds> decode_time(const Packet& packet) {
  const auto ticks = packet.data->dts != AV_NOPTS_VALUE ? packet.data->dts : packet.data->pts;
  return time_of(ticks, *packet.stream);
}

std::optional<std::chrono::nanoseconds> shown_time(const Packet& packet) {
  return time_of(packet.data->pts, *packet.stream);
}

bool is_damaged(const Packet& packet) noexcept {
  return (packet.data->flags & AV_PKT_FLAG_CORRUPT) != 0;
}

bool same_coding(const StreamInfo& a, const StreamInfo& b) {
  if (&a == &b) return true;
  if (a.codec != b.codec || a.width != b.width || a.height != b.height ||
      a.time_base_num != b.time_base_num || a.time_base_den != b.time_base_den)
    return false;
  if (!a.parameters || !b.parameters) return a.parameters == b.parameters;
  const auto& left = *a.parameters;
  const auto& right = *b.parameters;
  return left.sample_rate == right.sample_rate &&
         std::equal(left.extradata, left.extradata + left.extradata_size, right.extradata,
                    right.extradata + right.extradata_size);
}

bool holds_picture(const StreamInfo& stream, std::string_view bytes) noexcept {
  const bool hevc = stream.codec == "hevc";
  if ((!hevc && stream.codec != "h264") || !is_annex_b(stream, bytes)) return true;
  NalUnits units(bytes);
  while (units.next())
    if (unit_of(units.head(), hevc) == Unit::picture) return true;
  return false;
}

std::string parameter_sets(const Packet& keyframe) {
  const bool hevc = keyframe.stream->codec == "hevc";
  if (!hevc && keyframe.stream->codec != "h264") return {};
  const std::string_view bytes(reinterpret_cast<const char*>(keyframe.data->data),
                               static_cast<std::size_t>(keyframe.data->size));
  if (!is_annex_b(*keyframe.stream, bytes)) return {};
  std::string sets;
  NalUnits units(bytes);
  while (units.next()) {
    const auto unit = unit_of(units.head(), hevc);
    if (unit == Unit::picture) break;
    if (unit == Unit::parameters) sets += units.bytes();
  }
  return sets;
}

}  // namespace porchlight::media
