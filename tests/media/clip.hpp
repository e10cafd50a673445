// SPDX-License-Identifier: Apache-2.0
// Clips for tests, made by libavcodec's own encoders. Each picture carries its number as burned-in
// squares (see rtsp_server/picture_stamp.hpp).
#pragma once

#include <filesystem>
#include <optional>
#include <vector>

#include "porchlight/media/av.hpp"
#include "porchlight/media/packet.hpp"

namespace porchlight::media::test {

// Where the parameter sets go: beside the stream, or in front of each keyframe.
enum class Headers { aside, in_band };

struct ClipShape {
  int frames = 60;
  int fps = 30;
  int keyframe_interval = 15;
  int b_frames = 0;
  int width = 640;  // at least 640 × 32
  int height = 360;
  const char* encoder = "libx264";  // or libx265
  Headers headers = Headers::aside;
  bool open_gop = false;  // pictures behind a keyframe may refer to the group before; the first alone is IDR
  bool sound = false;     // write_clip() only: a tone of 440 Hz beside it, as AAC
};

// Nothing when libavcodec does not have the encoder here.
std::optional<std::vector<PacketPtr>> encode_clip(const ClipShape& shape);

// The same as a file; its name's ending says of what kind: mp4, mkv, ts, h264, hevc.
bool write_clip(const std::filesystem::path& path, const ClipShape& shape);

// The number burned into a decoded picture.
std::uint64_t number_in(const Frame& frame);

// A picture with gradients in all three planes. `format` is one of libavutil's 8-bit planar YUV, NV12
// or RGB24 formats.
AvFrame make_picture(int format, int width, int height, int phase = 0);
Frame as_frame(AvFrame picture);

}  // namespace porchlight::media::test
