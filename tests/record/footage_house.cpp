// SPDX-License-Identifier: Apache-2.0
#include "footage_house.hpp"

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <fstream>

#include "porchlight/record/volume.hpp"
#include "record/segment_file.hpp"

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavutil/channel_layout.h>
}

namespace porchlight::record::test {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

constexpr const char* boot_id = "6d1f0a52-3c4e-4d7a-9b1c-0e2f3a4b5c6d";
constexpr milliseconds begin_of_house = 1'000s;                         // by the monotonic clock
constexpr WallTime wall_of_house{std::chrono::seconds{1'795'694'400}};  // 2026-11-26T12:00:00Z

template <class T>
T must(Result<T> result) {
  if (result) return std::move(*result);
  std::fprintf(stderr, "%s\n", result.error().text().c_str());
  std::abort();
}
void must(Status status) {
  if (status) return;
  std::fprintf(stderr, "%s\n", status.error().text().c_str());
  std::abort();
}

media::PacketPtr wrap(media::AvPacket data, std::shared_ptr<const media::StreamInfo> stream) {
  auto packet = std::make_shared<media::Packet>();
  packet->stream = std::move(stream);
  packet->keyframe = true;
  packet->size = static_cast<std::size_t>(data->size);
  packet->data = std::shared_ptr<const AVPacket>(data.release(), media::AvDeleter{});
  return packet;
}

std::shared_ptr<media::StreamInfo> sound_stream(const std::string& codec, int rate,
                                                media::AvParameters parameters) {
  auto info = std::make_shared<media::StreamInfo>();
  info->kind = media::MediaKind::audio;
  info->codec = codec;
  info->time_base_num = 1;
  info->time_base_den = rate;
  info->parameters = std::shared_ptr<const AVCodecParameters>(parameters.release(), media::AvDeleter{});
  return info;
}

// A byte is a sample, and none of them is silence.
std::vector<media::PacketPtr> alaw(milliseconds length) {
  media::AvParameters parameters(avcodec_parameters_alloc());
  parameters->codec_type = AVMEDIA_TYPE_AUDIO;
  parameters->codec_id = AV_CODEC_ID_PCM_ALAW;
  parameters->sample_rate = 8000;
  parameters->bits_per_coded_sample = 8;
  av_channel_layout_default(&parameters->ch_layout, 1);
  const auto stream = sound_stream("pcm_alaw", 8000, std::move(parameters));
  std::vector<media::PacketPtr> packets;
  for (std::int64_t at = 0; at + 160 <= length.count() * 8; at += 160) {
    auto data = media::make_av_packet();
    av_new_packet(data.get(), 160);
    std::fill_n(data->data, 160, std::uint8_t{0x2A});
    data->pts = data->dts = at;
    data->duration = 160;
    packets.push_back(wrap(std::move(data), stream));
  }
  return packets;
}

std::vector<media::PacketPtr> aac(milliseconds length) {
  constexpr int rate = 48'000;
  media::AvCodec encoder(avcodec_alloc_context3(avcodec_find_encoder(AV_CODEC_ID_AAC)));
  encoder->sample_rate = rate;
  encoder->sample_fmt = AV_SAMPLE_FMT_FLTP;
  encoder->time_base = {1, rate};
  encoder->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
  av_channel_layout_default(&encoder->ch_layout, 1);
  if (avcodec_open2(encoder.get(), nullptr, nullptr) < 0) std::abort();
  media::AvParameters parameters(avcodec_parameters_alloc());
  avcodec_parameters_from_context(parameters.get(), encoder.get());
  const auto stream = sound_stream("aac", rate, std::move(parameters));
  std::vector<media::PacketPtr> packets;
  for (std::int64_t at = 0; at + encoder->frame_size <= length.count() * rate / 1000;
       at += encoder->frame_size) {
    auto frame = media::make_av_frame();
    frame->nb_samples = encoder->frame_size;
    frame->format = AV_SAMPLE_FMT_FLTP;
    av_channel_layout_default(&frame->ch_layout, 1);
    av_frame_get_buffer(frame.get(), 0);
    auto* samples = reinterpret_cast<float*>(frame->data[0]);
    for (int i = 0; i < frame->nb_samples; ++i)
      samples[i] = 0.3F * static_cast<float>(std::sin(static_cast<double>(at + i) / 17));
    frame->pts = at;
    avcodec_send_frame(encoder.get(), frame.get());
    for (auto data = media::make_av_packet(); avcodec_receive_packet(encoder.get(), data.get()) >= 0;
         data = media::make_av_packet())
      if (data->pts >= 0) packets.push_back(wrap(std::move(data), stream));
  }
  return packets;
}

milliseconds length_of(const media::test::ClipShape& shape) {
  return milliseconds(shape.frames * 1000 / shape.fps);
}

// As it comes from a camera that is on time.
media::Packet on_time(const media::Packet& packet, MonotonicTime begin) {
  auto timely = packet;
  const auto base = static_cast<double>(packet.stream->time_base_num) / packet.stream->time_base_den;
  timely.arrived =
      begin + std::chrono::milliseconds(std::llround(static_cast<double>(packet.data->pts) * base * 1000));
  return timely;
}

// Of a time before: what comes beside the first picture belongs before it.
media::PacketPtr earlier(const media::PacketPtr& packet, milliseconds lag) {
  const auto ticks = lag.count() * packet->stream->time_base_den / 1000;
  media::AvPacket data(av_packet_clone(packet->data.get()));
  data->pts -= ticks;
  data->dts -= ticks;
  return wrap(std::move(data), packet->stream);
}

// Half of what a fragment would be: its index and the beginning of its media.
void add_half_fragment(const std::filesystem::path& file) {
  std::ofstream out(file, std::ios::app | std::ios::binary);
  const char head[] = {0, 0, 8, 0, 'm', 'o', 'o', 'f', 1, 2, 3, 4};
  out.write(head, sizeof head);
}

}  // namespace

std::vector<media::PacketPtr> encode_sound(const std::string& codec, milliseconds length) {
  return codec == "aac" ? aac(length) : alaw(length);
}

FootageHouse::FootageHouse(std::filesystem::path storage)
    : storage_(std::move(storage)),
      recordings_(storage_ / "recordings"),
      database_([this] {
        std::filesystem::create_directories(recordings_);
        return must(store::SegmentIndex::open(storage_ / "footage.db", {}, nullptr));
      }()),
      index_(*database_) {
  boot_ = must(index_.boot(boot_id));
  must(index_.settle(boot_, wall_of_house - begin_of_house));
  const auto known = must(index_.volume_id());
  const auto volume = must(Volume::open(recordings_, known));
  if (!known) must(index_.set_volume_id(volume.id()));
}

WallTime FootageHouse::wall(milliseconds since_begin) const {
  return wall_of_house + since_begin;
}

void FootageHouse::add_gap(const std::string& camera, milliseconds from, milliseconds to,
                           event::GapCause cause) {
  store::Gap gap;
  gap.camera_id = camera;
  gap.cause = cause;
  gap.begin = {boot_, begin_of_house + from};
  gap.end = store::BootMoment{boot_, begin_of_house + to};
  must(index_.begin_gap(gap));
}

store::Segment FootageHouse::add(const Piece& piece) {
  const auto pictures = media::test::encode_clip(piece.shape);
  if (!pictures) std::abort();
  std::vector<media::PacketPtr> sound;
  if (!piece.sound.empty()) sound = encode_sound(piece.sound, length_of(piece.shape));
  for (auto& packet : sound) packet = earlier(packet, piece.sound_lag);
  const auto audio = sound.empty() ? nullptr : sound.front()->stream;

  SegmentHead head{piece.camera, boot_id, MonotonicTime{begin_of_house + piece.at}, wall(piece.at), "test"};
  const auto file =
      Volume::file_of(piece.camera, head.start, boot_id, head.begin, segment_ending(audio.get()));
  auto writer = must(SegmentWriter::create(recordings_, file, head, pictures->front()->stream, audio));
  std::size_t heard = 0;
  for (std::size_t i = 0; i < pictures->size(); ++i) {
    if (i > 0 && i % static_cast<std::size_t>(piece.shape.fps) == 0) must(writer->write());
    must(writer->append(on_time(*(*pictures)[i], head.begin)));
    const auto until = static_cast<double>(i + 1) / piece.shape.fps;
    for (; heard < sound.size() &&
           static_cast<double>(sound[heard]->data->pts) / sound[heard]->stream->time_base_den < until;
         ++heard)
      must(writer->append(on_time(*sound[heard], head.begin)));
  }
  store::Segment row;
  row.camera_id = piece.camera;
  row.file = file;
  row.begin = {boot_, begin_of_house + piece.at};
  row.end_at = row.begin.at;
  row.codec = pictures->front()->stream->codec;
  row.audio_codec = audio ? audio->codec : "";
  row.width = piece.shape.width;
  row.height = piece.shape.height;
  if (piece.indexed) row.id = must(index_.begin(row));
  if (piece.ending == Ending::closed) {
    const auto tail = must(writer->finish());
    row.state = store::SegmentState::closed;
    row.end_at = row.begin.at + tail.duration;
    row.frames = tail.frames;
    row.bytes = std::filesystem::file_size(recordings_ / file);
    row.crc = tail.crc;
    if (piece.indexed) must(index_.finish(row));
  } else {
    must(writer->write());
    must(writer->sync());
    writer->abandon();
    if (piece.ending == Ending::cut_short) add_half_fragment(recordings_ / (file + ".part"));
  }
  if (!piece.indexed) return row;
  return *must(index_.segment(row.id));
}

}  // namespace porchlight::record::test
