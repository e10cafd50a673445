// SPDX-License-Identifier: Apache-2.0
#include "segment_media.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <fstream>
#include <numeric>

#include "porchlight/media/jpeg.hpp"
#include "rtsp_server/picture_stamp.hpp"

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavutil/channel_layout.h>
}

namespace porchlight::record::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;

const MonotonicTime begin{std::chrono::seconds(1000)};

media::PacketPtr make(Stream stream, media::AvPacket data, MonotonicTime arrived) {
  auto packet = std::make_shared<media::Packet>();
  packet->stream = std::move(stream);
  packet->keyframe = (data->flags & AV_PKT_FLAG_KEY) != 0;
  packet->size = static_cast<std::size_t>(data->size);
  packet->arrived = arrived;
  packet->data = std::shared_ptr<const AVPacket>(data.release(), media::AvDeleter{});
  return packet;
}

media::AvPacket packet_of(const void* bytes, std::size_t size) {
  auto data = media::make_av_packet();
  if (av_new_packet(data.get(), static_cast<int>(size)) < 0) std::abort();
  std::memcpy(data->data, bytes, size);
  return data;
}

MonotonicTime turn(std::size_t number, double per_second) {
  return begin + nanoseconds(std::llround(static_cast<double>(number) * 1e9 / per_second));
}

Packets jpeg_pictures(const media::test::ClipShape& shape) {
  auto info = std::make_shared<media::StreamInfo>();
  info->codec = "mjpeg";
  info->fps = shape.fps;
  info->time_base_num = 1;
  info->time_base_den = shape.fps;
  media::AvParameters parameters(avcodec_parameters_alloc());
  parameters->codec_type = AVMEDIA_TYPE_VIDEO;
  parameters->codec_id = AV_CODEC_ID_MJPEG;  // and no size: it is in the pictures
  info->parameters = std::shared_ptr<const AVCodecParameters>(parameters.release(), media::AvDeleter{});
  auto encoder = media::JpegEncoder::create({.quality = 80}).value();
  Packets packets;
  for (int i = 0; i < shape.frames; ++i) {
    auto picture = media::test::make_picture(AV_PIX_FMT_YUV420P, shape.width, shape.height, i);
    picture_stamp::write(picture->data[0], static_cast<std::size_t>(picture->linesize[0]),
                         {0, static_cast<std::uint64_t>(i)});
    const auto jpeg = encoder.encode(media::test::as_frame(std::move(picture))).value();
    auto data = packet_of(jpeg.data(), jpeg.size());
    data->pts = data->dts = i;
    data->flags |= AV_PKT_FLAG_KEY;
    packets.push_back(make(info, std::move(data), turn(static_cast<std::size_t>(i), shape.fps)));
  }
  return packets;
}

// ISO 13818-7: no CRC, AAC-LC, 48 kHz, one channel.
media::AvPacket with_adts(const AVPacket& bare) {
  const auto size = static_cast<unsigned>(bare.size + 7);
  std::vector<std::uint8_t> bytes{0xff,
                                  0xf1,
                                  0x40 | 3 << 2,
                                  static_cast<std::uint8_t>(0x40 | size >> 11),
                                  static_cast<std::uint8_t>(size >> 3),
                                  static_cast<std::uint8_t>((size & 7) << 5 | 0x1f),
                                  0xfc};
  bytes.insert(bytes.end(), bare.data, bare.data + bare.size);
  auto data = packet_of(bytes.data(), bytes.size());
  data->pts = bare.pts;
  data->dts = bare.dts;
  data->duration = bare.duration;
  data->flags = bare.flags;
  return data;
}

media::AvFrame tone(const AVCodecContext& encoder, std::int64_t at, int samples) {
  auto frame = media::make_av_frame();
  frame->format = encoder.sample_fmt;
  frame->nb_samples = samples;
  frame->sample_rate = encoder.sample_rate;
  av_channel_layout_copy(&frame->ch_layout, &encoder.ch_layout);
  if (av_frame_get_buffer(frame.get(), 0) < 0) std::abort();
  for (int i = 0; i < samples; ++i) {
    const double value = 0.3 * std::sin(static_cast<double>(at + i) * 440 * 6.283185 / encoder.sample_rate);
    if (encoder.sample_fmt == AV_SAMPLE_FMT_FLTP)
      reinterpret_cast<float*>(frame->data[0])[i] = static_cast<float>(value);
    else
      reinterpret_cast<std::int16_t*>(frame->data[0])[i] = static_cast<std::int16_t>(value * 32767);
  }
  frame->pts = at;
  return frame;
}

}  // namespace

std::optional<Packets> pictures(const media::test::ClipShape& shape) {
  if (std::string(shape.encoder) == "mjpeg") return jpeg_pictures(shape);
  auto clip = media::test::encode_clip(shape);
  if (!clip) return std::nullopt;
  for (std::size_t i = 0; i < clip->size(); ++i) {
    auto again = std::make_shared<media::Packet>(*(*clip)[i]);
    again->arrived = turn(i, shape.fps);
    (*clip)[i] = std::move(again);
  }
  return clip;
}

std::optional<Packets> sound(const char* name, double seconds, Wrap wrap) {
  const AVCodec* found = avcodec_find_encoder_by_name(name);
  if (found == nullptr) return std::nullopt;
  const bool is_g711 = std::string(name).starts_with("pcm_");
  media::AvCodec encoder(avcodec_alloc_context3(found));
  encoder->sample_rate = is_g711 ? 8000 : 48000;
  encoder->sample_fmt = std::string(name) == "aac" ? AV_SAMPLE_FMT_FLTP : AV_SAMPLE_FMT_S16;
  av_channel_layout_default(&encoder->ch_layout, 1);
  encoder->time_base = {1, encoder->sample_rate};
  encoder->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
  if (avcodec_open2(encoder.get(), found, nullptr) < 0) return std::nullopt;
  auto info = std::make_shared<media::StreamInfo>();
  info->kind = media::MediaKind::audio;
  info->codec = avcodec_get_name(encoder->codec_id);
  info->time_base_num = 1;
  info->time_base_den = encoder->sample_rate;
  media::AvParameters parameters(avcodec_parameters_alloc());
  avcodec_parameters_from_context(parameters.get(), encoder.get());
  if (wrap == Wrap::adts) {  // as MPEG-TS gives it: everything is in the packets
    av_freep(&parameters->extradata);
    parameters->extradata_size = 0;
  }
  info->parameters = std::shared_ptr<const AVCodecParameters>(parameters.release(), media::AvDeleter{});
  Packets packets;
  const int samples = is_g711 ? 160 : encoder->frame_size;
  for (std::int64_t at = 0; static_cast<double>(at) < seconds * encoder->sample_rate; at += samples) {
    if (avcodec_send_frame(encoder.get(), tone(*encoder, at, samples).get()) < 0) return std::nullopt;
    auto data = media::make_av_packet();
    if (avcodec_receive_packet(encoder.get(), data.get()) < 0) continue;
    // An encoder's own delay would make the first time negative; a camera's clock has none.
    data->pts = data->dts = static_cast<std::int64_t>(packets.size()) * samples;
    data->duration = samples;
    if (wrap == Wrap::adts) data = with_adts(*data);
    const auto number = packets.size();
    packets.push_back(
        make(info, std::move(data), turn(number * static_cast<std::size_t>(samples), encoder->sample_rate)));
  }
  return packets;
}

media::PacketPtr changed(const media::PacketPtr& packet, const std::function<void(AVPacket&)>& change) {
  auto data = media::make_av_packet();
  if (av_packet_ref(data.get(), packet->data.get()) < 0) std::abort();
  change(*data);
  auto again = std::make_shared<media::Packet>(*packet);
  again->size = static_cast<std::size_t>(data->size);
  again->data = std::shared_ptr<const AVPacket>(data.release(), media::AvDeleter{});
  return again;
}

media::PacketPtr moved(const media::PacketPtr& packet, milliseconds later) {
  auto again = std::make_shared<media::Packet>(*packet);
  again->arrived += later;
  return again;
}

Packets described(const Packets& packets, const std::function<void(media::StreamInfo&)>& change) {
  auto info = std::make_shared<media::StreamInfo>(*packets.front()->stream);
  change(*info);
  Packets again;
  for (const auto& packet : packets) {
    auto copy = std::make_shared<media::Packet>(*packet);
    copy->stream = info;
    again.push_back(std::move(copy));
  }
  return again;
}

SegmentHead head() {
  return {"front", "0b1c9f0e-0000-4000-8000-123456789abc", begin, parse_rfc3339("2026-11-26T15:04:05.000Z"),
          "1.0 \"test\""};
}

Status fill(SegmentWriter& writer, const Packets& video, const Packets& audio) {
  Packets all = video;
  all.insert(all.end(), audio.begin(), audio.end());
  std::stable_sort(all.begin(), all.end(),
                   [](const auto& a, const auto& b) { return a->arrived < b->arrived; });
  for (const auto& packet : all) {
    if (auto status = writer.append(*packet); !status) return status;
    if (writer.pending() < milliseconds(800)) continue;
    auto status = writer.write();
    if (status) status = writer.sync();
    if (!status) return status;
  }
  return {};
}

Result<SegmentTail> write_segment(const std::filesystem::path& folder, const std::string& file,
                                  const Packets& video, const Packets& audio) {
  auto writer = SegmentWriter::create(folder, file, head(), video.front()->stream,
                                      audio.empty() ? nullptr : audio.front()->stream);
  if (!writer) return std::move(writer).error();
  if (auto status = fill(**writer, video, audio); !status) return std::move(status).error();
  return (*writer)->finish();
}

std::string bytes_of_file(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void write_file(const std::filesystem::path& file, const std::string& bytes) {
  std::ofstream(file, std::ios::binary | std::ios::trunc)
      .write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

std::vector<std::uint64_t> numbers_up_to(std::size_t count) {
  std::vector<std::uint64_t> numbers(count);
  std::iota(numbers.begin(), numbers.end(), 0);
  return numbers;
}

}  // namespace porchlight::record::test
