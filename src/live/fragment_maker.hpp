// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>

#include "live/track_clock.hpp"
#include "porchlight/media/fragment_muxer.hpp"
#include "porchlight/media/packet.hpp"
#include "porchlight/media/packet_filter.hpp"
#include "porchlight/media/picture_track.hpp"

namespace porchlight::live {

// Whether fMP4 for browsers carries it: H.264, H.265; AAC, Opus.
bool is_carried(const media::StreamInfo& stream);

// Makes fragments of one picture each, with the sound beside it, as they come: nothing is coded anew.
// Thread-bound.
class FragmentMaker {
 public:
  // `sound` may be null; AAC has to be described (media::described_sound). `depth`: by PictureDepth.
  // Errors: unsupported.
  static Result<std::unique_ptr<FragmentMaker>> create(const media::Packet& keyframe,
                                                       std::shared_ptr<const media::StreamInfo> sound,
                                                       int depth);

  // `ftyp` and `moov`.
  const std::string& head() const noexcept { return head_; }
  // video/mp4; codecs="avc1.64001f,mp4a.40.2"
  const std::string& type() const noexcept { return type_; }
  int width() const noexcept { return width_; }  // pixels
  int height() const noexcept { return height_; }
  int depth() const noexcept { return depth_; }
  const std::shared_ptr<const media::StreamInfo>& sound() const noexcept { return sound_; }

  // Whether the group that this begins can go on behind what was made so far.
  bool fits(const media::Packet& keyframe) const;
  // When the newest picture is decoded, in the film.
  Time at() const noexcept { return at_; }
  // `moof` and `mdat`. `sounds`: what came since the picture before.
  Result<std::string> fragment(const media::Packet& picture, std::span<const media::PacketPtr> sounds);

 private:
  FragmentMaker(const media::Packet& keyframe, std::shared_ptr<const media::StreamInfo> sound, int depth);
  Status open(const media::Packet& keyframe);
  Status add_picture(const media::Packet& picture);
  Status add_sound(const media::Packet& sound);

  const std::shared_ptr<const media::StreamInfo> video_;
  std::shared_ptr<const media::StreamInfo> sound_;
  const std::string parameters_;  // that stood in front of the keyframe it began with
  const int depth_;
  const MonotonicTime begun_;
  std::unique_ptr<media::FragmentMuxer> muxer_;
  std::optional<media::PictureTrack> pictures_;
  std::optional<media::PacketFilter> without_adts_;
  std::optional<PictureClock> picture_clock_;
  TrackClock sound_clock_;
  std::int64_t sound_end_ = 0;  // ticks
  Time at_{};
  std::string head_;
  std::string type_;
  int width_ = 0;
  int height_ = 0;
};

}  // namespace porchlight::live
