// SPDX-License-Identifier: Apache-2.0
#include "record/export_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <new>

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/dict.h>
#include <libavutil/mathematics.h>
}

namespace porchlight::record {
namespace {

constexpr int video_rate = 90'000;
constexpr AVRational microseconds{1, 1'000'000};
// Sound that is off by less is left as it is: 40 ms of G.711.
constexpr std::int64_t tolerated_samples = 320;

constexpr unsigned tag_of(const char (&text)[5]) {
  return static_cast<unsigned>(text[0]) | static_cast<unsigned>(text[1]) << 8 |
         static_cast<unsigned>(text[2]) << 16 | static_cast<unsigned>(text[3]) << 24;
}

// avc3 and hev1 say that parameter sets stand in the stream (ISO/IEC 14496-15); hvc1 is what Apple plays.
unsigned video_tag(const ExportFile::Tracks& tracks) {
  if (tracks.video->codec_id == AV_CODEC_ID_HEVC)
    return tracks.parameters_in_band ? tag_of("hev1") : tag_of("hvc1");
  if (tracks.video->codec_id == AV_CODEC_ID_H264 && tracks.parameters_in_band && !tracks.quicktime)
    return tag_of("avc3");
  return 0;
}

}  // namespace

struct ExportFile::Muxer {
  AVFormatContext* context = nullptr;
  bool headed = false;
  Muxer() = default;
  Muxer(const Muxer&) = delete;
  Muxer& operator=(const Muxer&) = delete;
  ~Muxer() {
    if (context == nullptr) return;
    avio_closep(&context->pb);
    avformat_free_context(context);
  }
};

ExportFile::ExportFile(std::string name, UniqueFd fd)
    : name_(std::move(name)), fd_(std::move(fd)), muxer_(std::make_unique<Muxer>()) {}
ExportFile::~ExportFile() = default;

Status ExportFile::outcome(int code, const char* doing) const {
  return media::av_status(code, std::string(doing) + " '" + name_ + "'");
}

Result<std::unique_ptr<ExportFile>> ExportFile::create(const std::filesystem::path& file,
                                                       const Tracks& tracks) {
  media::silence_libav();
  // libavformat would make it readable for everybody.
  UniqueFd fd(::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0640));
  if (!fd) return errno_error(errno, "open '" + file.string() + "'");
  std::unique_ptr<ExportFile> made(new ExportFile(file.string(), std::move(fd)));
  if (auto status = made->begin(tracks); !status) return std::move(status).error();
  return made;
}

Status ExportFile::begin(const Tracks& tracks) {
  const auto url = "file:" + name_;
  auto& context = muxer_->context;
  if (auto status = outcome(
          avformat_alloc_output_context2(&context, nullptr, tracks.quicktime ? "mov" : "mp4", url.c_str()),
          "begin");
      !status)
    return status;
  if (auto status = outcome(avio_open(&context->pb, url.c_str(), AVIO_FLAG_WRITE), "open"); !status)
    return status;
  av_dict_set(&context->metadata, "creation_time", rfc3339(tracks.start).c_str(), 0);
  if (auto status = add_track(video_, *tracks.video, video_tag(tracks), video_rate); !status) return status;
  if (tracks.audio != nullptr) {
    if (auto status = add_track(audio_, *tracks.audio, 0, tracks.audio->sample_rate); !status) return status;
    channels_ = std::max(1, tracks.audio->ch_layout.nb_channels);
    if (tracks.audio->codec_id == AV_CODEC_ID_PCM_ALAW) silence_ = 0xD5;
    if (tracks.audio->codec_id == AV_CODEC_ID_PCM_MULAW) silence_ = 0xFF;
  }
  AVDictionary* options = nullptr;
  av_dict_set(&options, "movflags", "+faststart", 0);
  const int headed = avformat_write_header(context, &options);
  av_dict_free(&options);
  return outcome(headed, "begin");
}

Status ExportFile::add_track(Track& track, const AVCodecParameters& parameters, unsigned tag, int rate) {
  auto* stream = avformat_new_stream(muxer_->context, nullptr);
  if (stream == nullptr) throw std::bad_alloc();
  if (auto status = outcome(avcodec_parameters_copy(stream->codecpar, &parameters), "begin"); !status)
    return status;
  stream->codecpar->codec_tag = tag;  // 0: the muxer chooses
  stream->time_base = {1, rate};
  track.index = stream->index;
  return {};
}

Status ExportFile::put(Track& track, AVPacket& packet) {
  packet.stream_index = track.index;
  packet.pos = -1;
  const int written = av_interleaved_write_frame(muxer_->context, &packet);
  // The muxer does not look at what became of its bytes.
  return outcome(written < 0 ? written : muxer_->context->pb->error, "write");
}

// A track of samples without a duration of their own closes over a hole, and the sound would be early
// from there on.
Status ExportFile::fill_with_silence(std::int64_t until) {
  while (until - audio_.next > tolerated_samples) {
    const auto samples = std::min<std::int64_t>(until - audio_.next, 8000);
    const auto packet = media::make_av_packet();
    if (av_new_packet(packet.get(), static_cast<int>(samples) * channels_) < 0) throw std::bad_alloc();
    std::memset(packet->data, silence_, static_cast<std::size_t>(packet->size));
    packet->pts = packet->dts = audio_.next;
    packet->duration = samples;
    audio_.next += samples;
    audio_.last = packet->dts;
    if (auto status = put(audio_, *packet); !status) return status;
  }
  return {};
}

Status ExportFile::place_samples(AVPacket& packet) {
  if (auto status = fill_with_silence(packet.dts); !status) return status;
  packet.dts = packet.pts = audio_.next;
  packet.duration = packet.size / channels_;  // a sample is one byte
  audio_.next += packet.duration;
  return {};
}

Status ExportFile::write(media::MediaKind kind, AVPacket& packet) {
  auto& track = kind == media::MediaKind::video ? video_ : audio_;
  if (kind == media::MediaKind::video) {
    ++frames_;
    video_end_ = std::max(video_end_, packet.pts + packet.duration);
  }
  av_packet_rescale_ts(&packet, microseconds, muxer_->context->streams[track.index]->time_base);
  if (track.last) packet.dts = std::max(packet.dts, *track.last + 1);
  packet.pts = std::max(packet.pts, packet.dts);
  if (kind == media::MediaKind::audio && silence_ >= 0)
    if (auto status = place_samples(packet); !status) return status;
  track.last = packet.dts;
  return put(track, packet);
}

Status ExportFile::finish(bool durably) {
  auto* context = muxer_->context;
  const int trailed = av_write_trailer(context);
  const int failed = context->pb->error;
  const int closed = avio_closep(&context->pb);
  if (auto status = outcome(std::min({trailed, failed, closed, 0}), "finish"); !status) return status;
  if (durably && ::fsync(fd_.get()) != 0) return errno_error(errno, "sync '" + name_ + "'");
  return {};
}

}  // namespace porchlight::record
