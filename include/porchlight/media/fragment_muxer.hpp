// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "porchlight/media/av.hpp"

namespace porchlight::media {

// Where it lies in its file or stream: never negative, dts always growing, pts never before dts.
struct PlacedTime {
  std::int64_t pts = 0;
  std::int64_t dts = 0;
  std::int64_t duration = 0;
};

// libavformat's fragmented MP4 (or QuickTime), into memory. The caller decides where a fragment ends.
class FragmentMuxer {
 public:
  // `format`: mp4 or mov. `sound` may be null. Times are in ticks of per_second().
  // The bytes of `ftyp` and `moov` are there to be taken at once.
  static Result<std::unique_ptr<FragmentMuxer>> create(const char* format, const AVCodecParameters& video,
                                                       std::int64_t video_per_second,
                                                       const AVCodecParameters* sound);
  FragmentMuxer(const FragmentMuxer&) = delete;
  FragmentMuxer& operator=(const FragmentMuxer&) = delete;
  ~FragmentMuxer();

  std::int64_t video_per_second() const;
  std::int64_t sound_per_second() const;
  bool has_sound() const;

  Status add_picture(const AVPacket& packet, const PlacedTime& time) { return add(0, packet, time); }
  Status add_sound(const AVPacket& packet, const PlacedTime& time) { return add(1, packet, time); }
  // Ends the fragment.
  Status flush();
  // What was made since the last call.
  std::string take();

 private:
  FragmentMuxer() = default;
  Status open(const char* format);
  Status add_stream(const AVCodecParameters& parameters, int per_second);
  Status write_head();
  Status begin_fragment();
  Status add(int track, const AVPacket& packet, const PlacedTime& time);
  std::int64_t per_second(unsigned track) const;

  std::string bytes_;
  AvBytes io_;
  AVFormatContext* context_ = nullptr;
};

}  // namespace porchlight::media
