// SPDX-License-Identifier: Apache-2.0
#include "clip.hpp"

#include <cmath>
#include <functional>
#include <string>

#include "rtsp_server/picture_stamp.hpp"

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/opt.h>
#include <libavutil/pixdesc.h>
}

namespace porchlight::media::test {
namespace {

AvCodec open_encoder(const ClipShape& shape) {
  silence_libav();
  const AVCodec* found = avcodec_find_encoder_by_name(shape.encoder);
  if (found == nullptr) return nullptr;
  AvCodec encoder(avcodec_alloc_context3(found));
  encoder->width = shape.width;
  encoder->height = shape.height;
  encoder->pix_fmt = AV_PIX_FMT_YUV420P;
  encoder->time_base = {1, shape.fps};
  encoder->framerate = {shape.fps, 1};
  encoder->gop_size = shape.keyframe_interval;
  encoder->max_b_frames = shape.b_frames;
  encoder->thread_count = 1;
  if (shape.headers == Headers::aside) encoder->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
  av_opt_set(encoder->priv_data, "preset", "veryfast", 0);
  // The order of pictures is always the same, too.
  const std::string groups = shape.open_gop ? "scenecut=0:open-gop=1:b-adapt=0" : "scenecut=0:open-gop=0";
  av_opt_set(encoder->priv_data, "x264-params", groups.c_str(), 0);
  av_opt_set(encoder->priv_data, "x265-params", (groups + ":log-level=none:pools=none").c_str(), 0);
  if (avcodec_open2(encoder.get(), found, nullptr) < 0) return nullptr;
  return encoder;
}

// Calls `take` with each coded packet, times in 1/fps.
bool encode(AVCodecContext& encoder, const ClipShape& shape, const std::function<void(AvPacket)>& take) {
  for (int i = 0; i <= shape.frames; ++i) {
    AvFrame picture;
    if (i < shape.frames) {
      picture = make_picture(AV_PIX_FMT_YUV420P, shape.width, shape.height, i);
      picture_stamp::write(picture->data[0], static_cast<std::size_t>(picture->linesize[0]),
                           {0, static_cast<std::uint64_t>(i)});
      picture->pts = i;
    }
    if (avcodec_send_frame(&encoder, picture.get()) < 0) return false;
    for (AvPacket packet = make_av_packet(); avcodec_receive_packet(&encoder, packet.get()) >= 0;
         packet = make_av_packet()) {
      packet->duration = 1;
      take(std::move(packet));
    }
  }
  return true;
}

std::shared_ptr<const StreamInfo> describe(const AVCodecContext& encoder, const ClipShape& shape) {
  AvParameters parameters(avcodec_parameters_alloc());
  avcodec_parameters_from_context(parameters.get(), &encoder);
  auto info = std::make_shared<StreamInfo>();
  info->codec = avcodec_get_name(encoder.codec_id);
  info->width = shape.width;
  info->height = shape.height;
  info->fps = shape.fps;
  info->time_base_num = 1;
  info->time_base_den = shape.fps;
  info->parameters = std::shared_ptr<const AVCodecParameters>(parameters.release(), AvDeleter{});
  return info;
}

AvCodec open_sound_encoder() {
  const AVCodec* found = avcodec_find_encoder(AV_CODEC_ID_AAC);
  if (found == nullptr) return nullptr;
  AvCodec encoder(avcodec_alloc_context3(found));
  encoder->sample_rate = 48'000;
  encoder->sample_fmt = AV_SAMPLE_FMT_FLTP;
  encoder->time_base = {1, encoder->sample_rate};
  encoder->bit_rate = 64'000;
  av_channel_layout_default(&encoder->ch_layout, 1);
  encoder->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
  if (avcodec_open2(encoder.get(), found, nullptr) < 0) return nullptr;
  return encoder;
}

AvFrame make_tone(const AVCodecContext& encoder, std::int64_t begin) {
  AvFrame tone = make_av_frame();
  tone->nb_samples = encoder.frame_size;
  tone->format = encoder.sample_fmt;
  tone->sample_rate = encoder.sample_rate;
  av_channel_layout_copy(&tone->ch_layout, &encoder.ch_layout);
  if (av_frame_get_buffer(tone.get(), 0) < 0) return nullptr;
  tone->pts = begin;
  auto* samples = reinterpret_cast<float*>(tone->data[0]);
  for (int i = 0; i < encoder.frame_size; ++i)
    samples[i] = 0.5F * static_cast<float>(std::sin(2 * 3.14159265358979 * 440 *
                                                    static_cast<double>(begin + i) / encoder.sample_rate));
  return tone;
}

// Calls `take` with each coded packet, times in samples, until the tone has lasted so long.
bool encode_tone(AVCodecContext& encoder, double seconds, const std::function<void(AvPacket)>& take) {
  const auto samples = static_cast<std::int64_t>(seconds * encoder.sample_rate);
  for (std::int64_t at = 0; at < samples + encoder.frame_size; at += encoder.frame_size) {
    const AvFrame tone = at < samples ? make_tone(encoder, at) : nullptr;
    if (avcodec_send_frame(&encoder, tone.get()) < 0) return false;
    for (AvPacket packet = make_av_packet(); avcodec_receive_packet(&encoder, packet.get()) >= 0;
         packet = make_av_packet())
      take(std::move(packet));
    if (!tone) break;
  }
  return true;
}

std::uint8_t wave(int x, int y, int phase, int low, int high) {
  const double value =
      0.5 + 0.25 * std::sin((x + 3 * phase) / 37.0) + 0.25 * std::cos((y - 2 * phase) / 23.0);
  return static_cast<std::uint8_t>(std::lround(low + (high - low) * value));
}

// The muxer's counterpart of AvFormat, which closes inputs only.
struct Muxer {
  AVFormatContext* context = nullptr;
  ~Muxer() {
    if (context != nullptr) avio_closep(&context->pb);
    avformat_free_context(context);
  }
};

}  // namespace

std::optional<std::vector<PacketPtr>> encode_clip(const ClipShape& shape) {
  AvCodec encoder = open_encoder(shape);
  if (!encoder) return std::nullopt;
  const auto stream = describe(*encoder, shape);
  std::vector<PacketPtr> packets;
  const bool encoded = encode(*encoder, shape, [&](AvPacket data) {
    auto packet = std::make_shared<Packet>();
    packet->stream = stream;
    packet->keyframe = (data->flags & AV_PKT_FLAG_KEY) != 0;
    packet->size = static_cast<std::size_t>(data->size);
    packet->arrived = MonotonicTime{std::chrono::milliseconds(1000 + data->pts)};
    packet->data = std::shared_ptr<const AVPacket>(data.release(), AvDeleter{});
    packets.push_back(std::move(packet));
  });
  if (!encoded) return std::nullopt;
  return packets;
}

bool write_clip(const std::filesystem::path& path, const ClipShape& wanted) {
  const auto ending = path.extension();
  ClipShape shape = wanted;
  if (ending == ".h264" || ending == ".hevc" || ending == ".ts") shape.headers = Headers::in_band;
  AvCodec encoder = open_encoder(shape);
  Muxer muxer;
  if (!encoder || avformat_alloc_output_context2(&muxer.context, nullptr, nullptr, path.c_str()) < 0)
    return false;
  AVStream* stream = avformat_new_stream(muxer.context, nullptr);
  avcodec_parameters_from_context(stream->codecpar, encoder.get());
  stream->time_base = encoder->time_base;
  stream->avg_frame_rate = encoder->framerate;
  AvCodec tone = shape.sound ? open_sound_encoder() : nullptr;
  AVStream* sound = tone ? avformat_new_stream(muxer.context, nullptr) : nullptr;
  if (shape.sound && !tone) return false;
  if (sound != nullptr) {
    avcodec_parameters_from_context(sound->codecpar, tone.get());
    sound->time_base = tone->time_base;
  }
  if (avio_open(&muxer.context->pb, path.c_str(), AVIO_FLAG_WRITE) < 0) return false;
  if (avformat_write_header(muxer.context, nullptr) < 0) return false;
  const auto write = [&](AvPacket packet, AVRational base, const AVStream& into) {
    av_packet_rescale_ts(packet.get(), base, into.time_base);
    packet->stream_index = into.index;
    av_interleaved_write_frame(muxer.context, packet.get());
  };
  // The muxer puts them in order: it holds back what has nothing of the other beside it.
  muxer.context->max_interleave_delta = 0;
  const bool sounded =
      !tone || encode_tone(*tone, static_cast<double>(shape.frames) / shape.fps,
                           [&](AvPacket packet) { write(std::move(packet), tone->time_base, *sound); });
  const bool encoded = encode(
      *encoder, shape, [&](AvPacket packet) { write(std::move(packet), encoder->time_base, *stream); });
  return sounded && encoded && av_write_trailer(muxer.context) >= 0;
}

std::uint64_t number_in(const Frame& frame) {
  return picture_stamp::read(frame.picture->data[0], static_cast<std::size_t>(frame.picture->linesize[0]))
      .number;
}

AvFrame make_picture(int format, int width, int height, int phase) {
  AvFrame picture = make_av_frame();
  picture->format = format;
  picture->width = width;
  picture->height = height;
  if (av_frame_get_buffer(picture.get(), 0) < 0) return nullptr;
  const AVPixFmtDescriptor* descriptor = av_pix_fmt_desc_get(static_cast<AVPixelFormat>(format));
  const bool rgb = (descriptor->flags & AV_PIX_FMT_FLAG_RGB) != 0;
  for (int c = 0; c < descriptor->nb_components; ++c) {
    const AVComponentDescriptor& component = descriptor->comp[c];
    const bool chroma = c > 0 && !rgb;
    const int columns = chroma ? AV_CEIL_RSHIFT(width, descriptor->log2_chroma_w) : width;
    const int rows = chroma ? AV_CEIL_RSHIFT(height, descriptor->log2_chroma_h) : height;
    const int scale_x = chroma ? 1 << descriptor->log2_chroma_w : 1;
    const int scale_y = chroma ? 1 << descriptor->log2_chroma_h : 1;
    for (int y = 0; y < rows; ++y)
      for (int x = 0; x < columns; ++x)
        picture->data[component.plane]
                     [y * picture->linesize[component.plane] + x * component.step + component.offset] =
            wave(x * scale_x + 40 * c, y * scale_y, phase, chroma ? 96 : 30, chroma ? 160 : 220);
  }
  return picture;
}

Frame as_frame(AvFrame picture) {
  Frame frame;
  frame.width = picture->width;
  frame.height = picture->height;
  frame.picture = std::shared_ptr<const AVFrame>(picture.release(), AvDeleter{});
  return frame;
}

}  // namespace porchlight::media::test
