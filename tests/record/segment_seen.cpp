// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "porchlight/media/decoder.hpp"
#include "segment_media.hpp"

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
}

namespace porchlight::record::test {
namespace {

media::AvFormat open(const std::filesystem::path& file, std::string& error) {
  media::silence_libav();
  AVFormatContext* context = nullptr;
  if (const int opened = avformat_open_input(&context, file.c_str(), nullptr, nullptr); opened < 0) {
    error = media::av_error(opened, "open").text();
    return nullptr;
  }
  media::AvFormat format(context);
  if (const int known = avformat_find_stream_info(context, nullptr); known < 0)
    error = media::av_error(known, "probe").text();
  return format;
}

Stream stream_of(const AVStream& stream) {
  auto info = std::make_shared<media::StreamInfo>();
  info->codec = avcodec_get_name(stream.codecpar->codec_id);
  info->width = stream.codecpar->width;
  info->height = stream.codecpar->height;
  info->time_base_num = stream.time_base.num;
  info->time_base_den = stream.time_base.den;
  media::AvParameters parameters(avcodec_parameters_alloc());
  avcodec_parameters_copy(parameters.get(), stream.codecpar);
  info->parameters = std::shared_ptr<const AVCodecParameters>(parameters.release(), media::AvDeleter{});
  return info;
}

class SoundDecoder {
 public:
  explicit SoundDecoder(const AVCodecParameters& parameters)
      : codec_(avcodec_alloc_context3(avcodec_find_decoder(parameters.codec_id))) {
    avcodec_parameters_to_context(codec_.get(), &parameters);
    ok_ = avcodec_open2(codec_.get(), nullptr, nullptr) >= 0;
  }
  void take(const AVPacket* packet) {
    if (!ok_ || avcodec_send_packet(codec_.get(), packet) < 0) {
      ok_ = packet == nullptr && ok_;
      return;
    }
    auto frame = media::make_av_frame();
    while (avcodec_receive_frame(codec_.get(), frame.get()) >= 0)
      seconds_ += static_cast<double>(frame->nb_samples) / frame->sample_rate;
  }
  bool ok() const { return ok_; }
  double seconds() const { return seconds_; }

 private:
  media::AvCodec codec_;
  bool ok_ = false;
  double seconds_ = 0;
};

double seconds(std::int64_t ticks, const AVStream& stream) {
  return static_cast<double>(ticks) * av_q2d(stream.time_base);
}

}  // namespace

Seen see(const std::filesystem::path& file) {
  Seen seen;
  auto format = open(file, seen.error);
  if (!format || !seen.error.empty()) return seen;
  const int video = av_find_best_stream(format.get(), AVMEDIA_TYPE_VIDEO, -1, -1, nullptr, 0);
  const int audio = av_find_best_stream(format.get(), AVMEDIA_TYPE_AUDIO, -1, -1, nullptr, 0);
  if (video < 0) {
    seen.error = "no pictures";
    return seen;
  }
  const auto stream = stream_of(*format->streams[video]);
  auto decoder = media::Decoder::create(*stream);
  if (!decoder) {
    seen.error = decoder.error().text();
    return seen;
  }
  std::optional<SoundDecoder> listener;
  if (audio >= 0) listener.emplace(*format->streams[audio]->codecpar);
  const auto note = [&](const media::FramePtr& frame) {
    seen.numbers.push_back(media::test::number_in(*frame));
  };
  for (auto data = media::make_av_packet(); av_read_frame(format.get(), data.get()) >= 0;
       data = media::make_av_packet()) {
    const AVStream& from = *format->streams[data->stream_index];
    if (data->stream_index == audio) {
      if (seen.sound_begins < 0) seen.sound_begins = seconds(data->pts, from);
      seen.sound_bytes += static_cast<std::uint64_t>(data->size);
      listener->take(data.get());
    }
    if (data->stream_index != video) continue;
    seen.shown.push_back(seconds(data->pts, from));
    media::Packet packet;
    packet.stream = stream;
    packet.keyframe = (data->flags & AV_PKT_FLAG_KEY) != 0;
    packet.size = static_cast<std::size_t>(data->size);
    packet.data = std::shared_ptr<const AVPacket>(data.release(), media::AvDeleter{});
    if (!decoder->decode(packet, note)) seen.error = "the decoder broke";
  }
  if (!decoder->flush(note)) seen.error = "the decoder broke";
  seen.damaged = decoder->errors();
  std::sort(seen.shown.begin(), seen.shown.end());
  if (listener) {
    listener->take(nullptr);
    seen.sound_lasts = listener->seconds();
    seen.sound_failed = !listener->ok();
  }
  return seen;
}

double seek(const std::filesystem::path& file, double at) {
  std::string error;
  auto format = open(file, error);
  if (!format || !error.empty()) return -1;
  const int video = av_find_best_stream(format.get(), AVMEDIA_TYPE_VIDEO, -1, -1, nullptr, 0);
  if (video < 0) return -1;
  const AVStream& stream = *format->streams[video];
  const auto ticks = static_cast<std::int64_t>(at / av_q2d(stream.time_base));
  if (av_seek_frame(format.get(), video, ticks, AVSEEK_FLAG_BACKWARD) < 0) return -1;
  auto data = media::make_av_packet();
  while (av_read_frame(format.get(), data.get()) >= 0) {
    if (data->stream_index == video)
      return (data->flags & AV_PKT_FLAG_KEY) != 0 ? seconds(data->pts, stream) : -1;
    av_packet_unref(data.get());
  }
  return -1;
}

}  // namespace porchlight::record::test
