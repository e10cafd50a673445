// SPDX-License-Identifier: Apache-2.0
#include "fragment_builder.hpp"

#include <algorithm>
#include <cmath>

#include "porchlight/media/track_parameters.hpp"
#include "segment_notes.hpp"

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavutil/mathematics.h>
}

namespace porchlight::record {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t most_waiting = std::size_t{64} << 20;
constexpr double usual_fps = 25;
// Before the first picture, for sound that belongs there and comes behind it; the first picture has to be
// there within a second. While no sound has come, nobody knows how late it is.
constexpr milliseconds most_room{900};
constexpr milliseconds usual_room{500};

AVRational time_base(const media::StreamInfo& stream) {
  return {stream.time_base_num, stream.time_base_den};
}

// A track counts in the stream's own ticks, so that nothing is rounded, unless these are odd.
std::int64_t ticks_of(const media::StreamInfo& stream) {
  const bool is_usual =
      stream.time_base_num == 1 && stream.time_base_den > 0 && stream.time_base_den <= 1'000'000;
  return is_usual ? stream.time_base_den : 90'000;
}

std::optional<std::int64_t> in_ticks(std::int64_t time, const media::StreamInfo& stream,
                                     std::int64_t per_second) {
  if (time == AV_NOPTS_VALUE || stream.time_base_num <= 0 || stream.time_base_den <= 0) return std::nullopt;
  const auto ticks = av_rescale_q(time, time_base(stream), {1, static_cast<int>(per_second)});
  if (ticks == INT64_MIN || ticks == INT64_MAX) return std::nullopt;
  return ticks;
}

RawTime raw_time(const AVPacket& packet, MonotonicTime arrived, const media::StreamInfo& stream,
                 std::int64_t per_second) {
  RawTime time;
  time.pts = in_ticks(packet.pts, stream, per_second);
  time.dts = in_ticks(packet.dts, stream, per_second);
  if (packet.duration > 0) time.duration = in_ticks(packet.duration, stream, per_second).value_or(0);
  time.arrived = arrived;
  return time;
}

// Where a source does not say how long a sound lasts.
std::int64_t usual_duration(const AVPacket& packet, const media::StreamInfo& sound, std::int64_t per_second) {
  if (sound.codec == "aac") return 1024;
  if (sound.codec == "opus") return per_second / 50;                                       // 20 ms
  return std::max(1, packet.size / std::max(1, sound.parameters->ch_layout.nb_channels));  // a byte, a sample
}

}  // namespace

FragmentBuilder::FragmentBuilder(std::string head, std::shared_ptr<const media::StreamInfo> video,
                                 std::shared_ptr<const media::StreamInfo> sound)
    : head_(std::move(head)),
      format_(segment_ending(sound.get())),
      video_(std::move(video)),
      sound_(std::move(sound)) {}

bool FragmentBuilder::join(const std::shared_ptr<const media::StreamInfo>& sound) {
  if (muxer_ || sound_ || std::string_view(segment_ending(sound.get())) != format_) return false;
  sound_ = sound;
  return true;
}

Status FragmentBuilder::append(const media::Packet& packet) {
  const bool is_video = packet.stream->kind == media::MediaKind::video;
  const auto& ours = is_video ? video_ : sound_;
  if (!is_video && (!begun_ || !sound_)) return {};
  if (packet.stream->codec != ours->codec)
    return Error(ErrorCode::invalid_argument,
                 "record " + ours->codec + ": a packet of " + packet.stream->codec + " came");
  if (!begun_ && !packet.keyframe)
    return Error(ErrorCode::invalid_argument, "record " + ours->codec + ": its first packet is no keyframe");
  if (waiting_bytes_ + packet.size > most_waiting)
    return Error(ErrorCode::unavailable, "record " + ours->codec + ": 64 MiB wait to be written");
  Waiting waiting{media::make_av_packet(), packet.arrived};
  if (const int held = av_packet_ref(waiting.data.get(), packet.data.get()); held < 0)
    return media::av_error(held, "hold a packet");
  begun_ = true;
  waiting_bytes_ += packet.size;
  (is_video ? pictures_ : sounds_).push_back(std::move(waiting));
  return {};
}

milliseconds FragmentBuilder::pending() const {
  if (pictures_.size() < 2) return milliseconds(0);
  constexpr std::int64_t most = 10'000;
  const auto by_arrival = pictures_.back().arrived - pictures_.front().arrived;
  auto first = INT64_MAX, last = INT64_MIN;
  for (const auto& picture : pictures_) {
    const auto time = in_ticks(picture.data->pts, *video_, 1000);
    if (!time) return std::chrono::floor<milliseconds>(by_arrival);
    first = std::min(first, *time);
    last = std::max(last, *time);
  }
  std::int64_t span = 0;
  if (__builtin_sub_overflow(last, first, &span) || span > most)
    return std::chrono::floor<milliseconds>(by_arrival);
  // The last picture lasts as long as the others.
  return milliseconds(span + span / static_cast<std::int64_t>(pictures_.size() - 1));
}

milliseconds FragmentBuilder::duration() const {
  if (!picture_times_) return milliseconds(0);
  return milliseconds(picture_times_->duration() * 1000 / muxer_->video_per_second());
}

// A sound that cannot be described yet is not worth losing pictures for.
Status FragmentBuilder::prepare_sound(media::AvParameters& parameters) {
  if (!sound_) return {};
  const bool needs_packet =
      sound_->codec == "aac" && (!sound_->parameters || sound_->parameters->extradata_size == 0);
  const auto nothing = media::make_av_packet();
  auto made = needs_packet && sounds_.empty()
                  ? Result<media::AvParameters>(Error(ErrorCode::unsupported, "no sound yet"))
                  : parameters_of_sound(*sound_, sounds_.empty() ? *nothing : *sounds_.front().data);
  if (!made) {
    sound_ = nullptr;
    sounds_.clear();
    return {};
  }
  parameters = std::move(made).value();
  return {};
}

Status FragmentBuilder::begin() {
  auto described = media::PictureTrack::describe(*video_, *pictures_.front().data);
  if (!described) return std::move(described).error();
  const auto& video = track_.emplace(std::move(described).value()).parameters();
  media::AvParameters sound;
  if (auto status = prepare_sound(sound); !status) return status;
  auto muxer = media::FragmentMuxer::create(format_, video, ticks_of(*video_), sound.get());
  if (!muxer) return std::move(muxer).error();
  muxer_ = std::move(muxer).value();
  width_ = video.width;
  height_ = video.height;
  const auto per_second = muxer_->video_per_second();
  const double fps = video_->fps > 0.1 && video_->fps < 1000 ? video_->fps : usual_fps;
  picture_times_.emplace(per_second,
                         std::max<std::int64_t>(1, std::llround(static_cast<double>(per_second) / fps)));
  const auto& first = pictures_.front();
  picture_times_->open(raw_time(*first.data, first.arrived, *video_, per_second));
  if (muxer_->has_sound()) sound_times_.emplace(muxer_->sound_per_second());
  return {};
}

std::vector<RawTime> FragmentBuilder::raw_sounds() const {
  const auto per_second = muxer_->sound_per_second();
  std::vector<RawTime> raw;
  for (const auto& sound : sounds_) {
    raw.push_back(raw_time(*sound.data, sound.arrived, *sound_, per_second));
    if (raw.back().duration <= 0) raw.back().duration = usual_duration(*sound.data, *sound_, per_second);
  }
  return raw;
}

// Of the first fragment, in ticks of the pictures.
std::int64_t FragmentBuilder::room_for_sound() const {
  if (!sound_times_) return 0;
  const auto per_second = muxer_->video_per_second();
  if (sounds_.empty()) return usual_room.count() * per_second / 1000;
  const auto earlier = sound_times_->earlier(raw_sounds(), picture_times_->beginning());
  // Rounded up, else the earliest would be too early by less than a tick.
  const auto room = av_rescale_rnd(earlier, per_second, muxer_->sound_per_second(), AV_ROUND_UP);
  return std::min(room, most_room.count() * per_second / 1000);
}

Status FragmentBuilder::add_pictures() {
  std::vector<RawTime> raw;
  for (const auto& picture : pictures_)
    raw.push_back(raw_time(*picture.data, picture.arrived, *video_, muxer_->video_per_second()));
  const auto placed = picture_times_->place(raw, frames_ == 0 ? room_for_sound() : 0);
  for (std::size_t i = 0; i < placed.size(); ++i)
    if (auto status = track_->add(*pictures_[i].data, placed[i], *muxer_); !status) return status;
  frames_ += placed.size();
  return {};
}

Status FragmentBuilder::add_sounds() {
  if (!sound_times_) return {};
  sound_times_->begin_fragment();
  const auto lead =
      av_rescale(picture_times_->lead(), muxer_->sound_per_second(), muxer_->video_per_second());
  const auto raw = raw_sounds();
  for (std::size_t i = 0; i < raw.size(); ++i) {
    const auto placed = sound_times_->place(raw[i], picture_times_->beginning(), lead);
    if (!placed) continue;
    if (auto status = add_sound(*sounds_[i].data, *placed); !status) return status;
  }
  return {};
}

Status FragmentBuilder::add_sound(const AVPacket& sound, const media::PlacedTime& time) {
  if (!without_adts_ && sound_->codec == "aac" && media::is_adts(sound)) {
    auto filter = media::PacketFilter::create("aac_adtstoasc", *sound_->parameters);
    if (!filter) return std::move(filter).error();
    without_adts_ = std::move(filter).value();
  }
  if (!without_adts_) return muxer_->add_sound(sound, time);
  const auto bare = without_adts_->filter(sound);
  if (!bare) return {};  // a damaged header: this sound alone is lost
  return muxer_->add_sound(**bare, time);
}

Result<std::string> FragmentBuilder::build() {
  if (empty() || (!muxer_ && pictures_.empty())) return std::string();
  std::string bytes;
  if (!muxer_) {
    if (auto status = begin(); !status) return std::move(status).error();
    bytes = muxer_->take() + head_;
  }
  auto status = add_pictures();
  if (status) status = add_sounds();
  if (status) status = muxer_->flush();
  if (!status) return std::move(status).error();
  pictures_.clear();
  sounds_.clear();
  waiting_bytes_ = 0;
  return bytes + muxer_->take();
}

}  // namespace porchlight::record
