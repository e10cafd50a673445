// SPDX-License-Identifier: Apache-2.0
// Packets whose bytes nobody decodes.
#pragma once

#include <cstring>
#include <string>

extern "C" {
#include <libavcodec/packet.h>
}
#include "porchlight/media/av.hpp"
#include "porchlight/media/packet.hpp"

namespace porchlight::record::test {

inline MonotonicTime at_ms(std::int64_t ms) {
  return MonotonicTime{std::chrono::milliseconds{ms}};
}

inline std::shared_ptr<const media::StreamInfo> stream_of(const std::string& codec, int width = 640,
                                                          media::MediaKind kind = media::MediaKind::video) {
  auto info = std::make_shared<media::StreamInfo>();
  info->kind = kind;
  info->codec = codec;
  info->width = width;
  info->height = width * 9 / 16;
  info->time_base_num = 1;
  info->time_base_den = 1000;
  return info;
}

struct Shape {
  bool keyframe = false;
  std::int64_t pts_ms = 0;
  std::int64_t arrived_ms = 0;
  std::size_t bytes = 100;
};

inline media::PacketPtr packet_of(std::shared_ptr<const media::StreamInfo> stream, const Shape& shape,
                                  const std::string& content = {}) {
  auto data = media::make_av_packet();
  const auto size = content.empty() ? shape.bytes : content.size();
  av_new_packet(data.get(), static_cast<int>(size));
  std::memset(data->data, 0, size);
  if (!content.empty()) std::memcpy(data->data, content.data(), size);
  data->pts = data->dts = shape.pts_ms;
  auto packet = std::make_shared<media::Packet>();
  packet->stream = std::move(stream);
  packet->arrived = at_ms(shape.arrived_ms);
  packet->keyframe = shape.keyframe;
  packet->size = size;
  packet->data = std::shared_ptr<const AVPacket>(data.release(), media::AvDeleter{});
  return packet;
}

}  // namespace porchlight::record::test
