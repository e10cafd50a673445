// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "porchlight/base/clock.hpp"

struct AVPacket;
struct AVFrame;
struct AVCodecParameters;

namespace porchlight::media {

enum class MediaKind : std::uint8_t { video, audio };

// One elementary stream as the source announced it. Immutable, shared by reference.
struct StreamInfo {
  MediaKind kind = MediaKind::video;
  std::string codec;  // libavcodec's name: h264, hevc, mjpeg, pcm_alaw, …
  int width = 0;      // pixels; 0 when the source has not said yet
  int height = 0;
  double fps = 0;       // announced; 0 unknown
  int sample_rate = 0;  // these two of audio: samples/s; 0: not said
  int channels = 0;
  int time_base_num = 1;
  int time_base_den = 90000;
  bool own_times = true;  // false: it has no timestamps, ours say when it arrived
  std::shared_ptr<const AVCodecParameters> parameters;  // for decoder and muxer
};

// One compressed access unit. Immutable and reference counted: fan-out copies the pointer, never the
// bytes.
struct Packet {
  std::shared_ptr<const StreamInfo> stream;
  std::shared_ptr<const AVPacket> data;
  MonotonicTime arrived{};
  bool keyframe = false;
  std::size_t size = 0;  // bytes
};
using PacketPtr = std::shared_ptr<const Packet>;

// One decoded picture: YUV planes as the decoder left them (I420 or NV12 after scaling is never
// assumed: ask pixel_format). Immutable and reference counted.
struct Frame {
  std::shared_ptr<const AVFrame> picture;
  int width = 0;  // pixels
  int height = 0;
  MonotonicTime arrived{};  // when its packet arrived
  MonotonicTime decoded{};
  std::uint64_t number = 0;  // counts decoded frames of this camera since the daemon started
  bool keyframe = false;     // coded without reference to another
};
using FramePtr = std::shared_ptr<const Frame>;

}  // namespace porchlight::media
