// SPDX-License-Identifier: Apache-2.0
#include "live/fragment_maker.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <string_view>
#include <utility>

#include "live/codec_words.hpp"
#include "porchlight/media/packet_time.hpp"
#include "porchlight/media/track_parameters.hpp"

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavutil/mathematics.h>
}

namespace porchlight::live {
namespace {

constexpr std::array<std::string_view, 4> carried{"h264", "hevc", "aac", "opus"};
constexpr double usual_fps = 25;

// A track counts in the stream's own ticks, so that little is rounded, unless these are odd.
std::int64_t ticks_of(const media::StreamInfo& stream) {
  const bool is_usual =
      stream.time_base_num == 1 && stream.time_base_den >= 1000 && stream.time_base_den <= 1'000'000;
  return is_usual ? stream.time_base_den : 90'000;
}

Time step_of(const media::StreamInfo& video) {
  const double fps = video.fps > 0.1 && video.fps < 1000 ? video.fps : usual_fps;
  return std::chrono::duration_cast<Time>(std::chrono::duration<double>(1 / fps));
}

// In ticks, where a source does not say how long a sound lasts.
std::int64_t length_of(const media::Packet& sound, std::int64_t per_second) {
  const auto& stream = *sound.stream;
  if (stream.codec == "aac") return 1024;
  if (sound.data->duration > 0)
    return std::clamp<std::int64_t>(
        av_rescale_q(sound.data->duration, {stream.time_base_num, stream.time_base_den},
                     {1, static_cast<int>(per_second)}),
        1, per_second);
  return per_second / 50;  // 20 ms
}

}  // namespace

bool is_carried(const media::StreamInfo& stream) {
  return std::find(carried.begin(), carried.end(), stream.codec) != carried.end();
}

FragmentMaker::FragmentMaker(const media::Packet& keyframe, std::shared_ptr<const media::StreamInfo> sound,
                             int depth)
    : video_(keyframe.stream),
      sound_(std::move(sound)),
      parameters_(media::parameter_sets(keyframe)),
      depth_(depth),
      begun_(keyframe.arrived),
      sound_clock_(keyframe.arrived) {}

Result<std::unique_ptr<FragmentMaker>> FragmentMaker::create(const media::Packet& keyframe,
                                                             std::shared_ptr<const media::StreamInfo> sound,
                                                             int depth) {
  if (!is_carried(*keyframe.stream))
    return Error(ErrorCode::unsupported,
                 "show " + keyframe.stream->codec + ": browsers do not take it in MP4");
  if (sound && !is_carried(*sound)) sound.reset();
  std::unique_ptr<FragmentMaker> maker(new FragmentMaker(keyframe, std::move(sound), depth));
  if (auto status = maker->open(keyframe); !status) return std::move(status).error();
  return maker;
}

Status FragmentMaker::open(const media::Packet& keyframe) {
  auto described = media::PictureTrack::describe(*video_, *keyframe.data);
  if (!described) return std::move(described).error();
  const auto& video = pictures_.emplace(std::move(described).value()).parameters();
  auto words = codec_word(video);
  if (words.empty())
    return Error(ErrorCode::unsupported, "show " + video_->codec + ": its parameter sets say no profile");
  media::AvParameters sound;
  if (sound_) {
    // A sound that cannot be described is not worth losing pictures for.
    const auto nothing = media::make_av_packet();
    auto made = media::parameters_of_sound(*sound_, *nothing);
    if (made) {
      sound = std::move(made).value();
      words += "," + codec_word(*sound);
    } else {
      sound_.reset();
    }
  }
  auto muxer = media::FragmentMuxer::create("mp4", video, ticks_of(*video_), sound.get());
  if (!muxer) return std::move(muxer).error();
  muxer_ = std::move(muxer).value();
  picture_clock_.emplace(begun_, muxer_->video_per_second(), step_of(*video_), depth_);
  head_ = muxer_->take();
  type_ = "video/mp4; codecs=\"" + words + "\"";
  width_ = video.width;
  height_ = video.height;
  return {};
}

bool FragmentMaker::fits(const media::Packet& keyframe) const {
  if (!media::same_coding(*keyframe.stream, *video_)) return false;
  const auto sets = media::parameter_sets(keyframe);
  return sets.empty() || sets == parameters_;
}

Status FragmentMaker::add_picture(const media::Packet& picture) {
  const auto time = picture_clock_->place(picture);
  at_ = Time{av_rescale(time.dts, 1'000'000'000, muxer_->video_per_second())};
  return pictures_->add(*picture.data, time, *muxer_);
}

Status FragmentMaker::add_sound(const media::Packet& sound) {
  const auto per_second = muxer_->sound_per_second();
  sound_clock_.follow(picture_clock_->clock());
  auto time = av_rescale(sound_clock_.at(media::decode_time(sound), sound.arrived).count(), per_second,
                         1'000'000'000) +
              av_rescale(picture_clock_->lead(), per_second, muxer_->video_per_second());
  if (time < 0 && sound_end_ == 0) return {};  // from before the first picture
  // A rounded tick is no gap.
  const auto slack = per_second / 100;
  if (time < sound_end_ || time - sound_end_ <= slack) time = sound_end_;
  const auto length = length_of(sound, per_second);
  sound_end_ = time + length;
  if (!without_adts_ && sound.stream->codec == "aac" && media::is_adts(*sound.data)) {
    auto filter = media::PacketFilter::create("aac_adtstoasc", *sound_->parameters);
    if (!filter) return std::move(filter).error();
    without_adts_ = std::move(filter).value();
  }
  if (!without_adts_) return muxer_->add_sound(*sound.data, {time, time, length});
  const auto bare = without_adts_->filter(*sound.data);
  if (!bare) return {};  // a damaged header: this sound alone is lost
  return muxer_->add_sound(**bare, {time, time, length});
}

Result<std::string> FragmentMaker::fragment(const media::Packet& picture,
                                            std::span<const media::PacketPtr> sounds) {
  auto status = add_picture(picture);
  for (const auto& sound : sounds)
    if (status && sound_ && sound->stream->codec == sound_->codec) status = add_sound(*sound);
  if (status) status = muxer_->flush();
  if (!status) return std::move(status).error();
  return muxer_->take();
}

}  // namespace porchlight::live
