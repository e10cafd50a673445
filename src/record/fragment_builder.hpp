// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "porchlight/media/fragment_muxer.hpp"
#include "porchlight/media/packet.hpp"
#include "porchlight/media/packet_filter.hpp"
#include "porchlight/media/picture_track.hpp"
#include "record/segment_file.hpp"
#include "record/segment_times.hpp"

namespace porchlight::record {

// Gathers packets and makes fragments of them, the head in front of the first.
class FragmentBuilder {
 public:
  // `sound` may be null.
  FragmentBuilder(std::string head, std::shared_ptr<const media::StreamInfo> video,
                  std::shared_ptr<const media::StreamInfo> sound);

  // As if it had been the `sound` from the beginning. False: it is too late, there is one, or it wants
  // another file.
  bool join(const std::shared_ptr<const media::StreamInfo>& sound);
  Status append(const media::Packet& packet);
  std::chrono::milliseconds pending() const;
  bool empty() const noexcept { return pictures_.empty() && sounds_.empty(); }

  // The bytes of one fragment of everything that was appended since the last one; empty before the first
  // picture.
  Result<std::string> build();

  // Of what was built.
  std::uint64_t frames() const noexcept { return frames_; }
  std::chrono::milliseconds duration() const;
  // In pixels, as the file has it; 0 before the first fragment.
  int width() const noexcept { return width_; }
  int height() const noexcept { return height_; }

 private:
  struct Waiting {
    media::AvPacket data;
    MonotonicTime arrived{};
  };

  Status begin();
  Status prepare_sound(media::AvParameters& parameters);
  std::vector<RawTime> raw_sounds() const;
  std::int64_t room_for_sound() const;
  Status add_pictures();
  Status add_sounds();
  Status add_sound(const AVPacket& sound, const media::PlacedTime& time);

  const std::string head_;
  const char* const format_;
  const std::shared_ptr<const media::StreamInfo> video_;
  std::shared_ptr<const media::StreamInfo> sound_;
  std::vector<Waiting> pictures_;
  std::vector<Waiting> sounds_;
  std::size_t waiting_bytes_ = 0;
  bool begun_ = false;
  std::unique_ptr<media::FragmentMuxer> muxer_;
  std::optional<media::PictureTrack> track_;
  std::optional<media::PacketFilter> without_adts_;
  std::optional<PictureTimes> picture_times_;
  std::optional<SoundTimes> sound_times_;
  std::uint64_t frames_ = 0;
  int width_ = 0;
  int height_ = 0;
};

}  // namespace porchlight::record
