// SPDX-License-Identifier: Apache-2.0
#include "input.hpp"

#include <algorithm>
#include <array>

#include "porchlight/media/packet_time.hpp"

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/avstring.h>
#include <libavutil/dict.h>
#include <libavutil/mem.h>
}

namespace porchlight::camera {
namespace {

struct Dictionary {
  AVDictionary* entries = nullptr;
  Dictionary() = default;
  Dictionary(const Dictionary&) = delete;
  Dictionary& operator=(const Dictionary&) = delete;
  ~Dictionary() { av_dict_free(&entries); }
};

double frames_per_second(const AVStream& stream) {
  const AVRational rate = stream.avg_frame_rate.num > 0 ? stream.avg_frame_rate : stream.r_frame_rate;
  return rate.num > 0 && rate.den > 0 ? av_q2d(rate) : 0;
}

// RFC 7845, 5.1: what every container wants to know of Opus, and RTP does not tell.
void add_opus_head(AVCodecParameters& parameters) {
  constexpr std::array<std::uint8_t, 10> begin{'O', 'p', 'u', 's', 'H', 'e', 'a', 'd', 1, 0};
  constexpr std::array<std::uint8_t, 4> rate{0x80, 0xbb, 0, 0};  // 48,000, the least significant byte first
  constexpr std::size_t size = 19, rate_at = 12;
  if (parameters.codec_id != AV_CODEC_ID_OPUS || parameters.extradata_size > 0) return;
  parameters.extradata = static_cast<std::uint8_t*>(av_mallocz(size + AV_INPUT_BUFFER_PADDING_SIZE));
  if (parameters.extradata == nullptr) return;
  parameters.extradata_size = static_cast<int>(size);
  std::copy(begin.begin(), begin.end(), parameters.extradata);
  parameters.extradata[begin.size() - 1] = static_cast<std::uint8_t>(parameters.ch_layout.nb_channels);
  std::copy(rate.begin(), rate.end(), parameters.extradata + rate_at);
}

Result<std::shared_ptr<const media::StreamInfo>> describe(const AVStream& stream) {
  media::AvParameters parameters(avcodec_parameters_alloc());
  if (!parameters) return Error(ErrorCode::resource, "copy stream parameters: out of memory");
  const int copied = avcodec_parameters_copy(parameters.get(), stream.codecpar);
  if (copied < 0) return media::av_error(copied, "copy stream parameters");
  add_opus_head(*parameters);
  auto info = std::make_shared<media::StreamInfo>();
  const bool is_video = stream.codecpar->codec_type == AVMEDIA_TYPE_VIDEO;
  info->kind = is_video ? media::MediaKind::video : media::MediaKind::audio;
  info->codec = avcodec_get_name(stream.codecpar->codec_id);
  info->width = stream.codecpar->width;
  info->height = stream.codecpar->height;
  if (is_video) info->fps = frames_per_second(stream);
  info->sample_rate = stream.codecpar->sample_rate;
  info->channels = stream.codecpar->ch_layout.nb_channels;
  info->time_base_num = stream.time_base.num;
  info->time_base_den = stream.time_base.den;
  info->parameters = std::shared_ptr<const AVCodecParameters>(parameters.release(), media::AvDeleter{});
  return std::shared_ptr<const media::StreamInfo>(std::move(info));
}

}  // namespace

int Input::interrupted(void* guard) {
  auto* asked = static_cast<Guard*>(guard);
  return !asked->go_on() || asked->expired() ? 1 : 0;
}

Result<std::unique_ptr<Input>> Input::open(const Address& address, Guard& guard) {
  media::silence_libav();
  std::unique_ptr<Input> input(new Input(address.name, guard));
  if (auto s = input->connect(address); !s) return std::move(s).error();
  if (auto s = input->choose_streams(address.audio); !s) return std::move(s).error();
  return input;
}

Status Input::connect(const Address& address) {
  AVFormatContext* context = avformat_alloc_context();
  if (context == nullptr) return Error(ErrorCode::resource, "open '" + name_ + "': out of memory");
  context->interrupt_callback = {&Input::interrupted, &guard_};
  if (address.bytes) {
    bytes_ = address.bytes;
    io_ = address.packets ? media::make_av_packets(bytes_) : media::make_av_bytes(bytes_);
    context->pb = io_.get();
  }
  Dictionary options;
  for (const auto& [key, value] : address.options)
    av_dict_set(&options.entries, key.c_str(), value.c_str(), 0);
  const AVInputFormat* format = address.format != nullptr ? av_find_input_format(address.format) : nullptr;
  const int opened = avformat_open_input(&context, address.url.c_str(), format, &options.entries);
  if (opened < 0) return explain(opened, "open");  // libav has freed the context
  format_.reset(context);
  return probe(address.probe);
}

Status Input::probe(Probe wanted) {
  const bool unknown = (format_->ctx_flags & AVFMTCTX_NOHEADER) != 0;
  if (wanted == Probe::never || (wanted == Probe::if_streams_are_unknown && !unknown)) return {};
  const int probed = avformat_find_stream_info(format_.get(), nullptr);
  if (probed < 0) return explain(probed, "probe");
  return {};
}

Result<Input::Chosen> Input::choose(int index) const {
  auto described = describe(*format_->streams[index]);
  if (!described) return std::move(described).error();
  return Chosen{index, std::move(described).value()};
}

Status Input::choose_streams(bool with_audio) {
  const int video = av_find_best_stream(format_.get(), AVMEDIA_TYPE_VIDEO, -1, -1, nullptr, 0);
  if (video < 0) return Error(ErrorCode::corrupt, "open '" + name_ + "': no video stream");
  auto pictures = choose(video);
  if (!pictures) return std::move(pictures).error();
  video_ = std::move(*pictures);
  const int audio =
      with_audio ? av_find_best_stream(format_.get(), AVMEDIA_TYPE_AUDIO, -1, video, nullptr, 0) : -1;
  // Sound that nobody knows the name of could be neither kept nor played.
  if (audio >= 0 && format_->streams[audio]->codecpar->codec_id != AV_CODEC_ID_NONE) {
    auto sound = choose(audio);
    if (!sound) return std::move(sound).error();
    audio_ = std::move(*sound);
  }
  for (unsigned i = 0; i < format_->nb_streams; ++i)
    format_->streams[i]->discard = chosen(static_cast<int>(i)) ? AVDISCARD_DEFAULT : AVDISCARD_ALL;
  return {};
}

Input::Chosen* Input::chosen(int index) noexcept {
  if (index == video_.index) return &video_;
  return index == audio_.index ? &audio_ : nullptr;
}

bool Input::tells_time() const noexcept {
  const auto* parser_only = "h264,hevc";
  return av_match_name(format_->iformat->name, parser_only) == 0;
}

// RTP says when a picture is shown; when it is to be decoded libav guesses, by no look ahead, and wrongly
// where B-frames turn the order about.
bool Input::tells_decoding() const noexcept {
  return av_match_name(format_->iformat->name, "rtsp,sdp,rtp") == 0;
}

// A transport stream may go on with another codec in the same place.
Status Input::follow_codec(Chosen& stream) const {
  const AVStream& now = *format_->streams[stream.index];
  if (now.codecpar->codec_id == stream.info->parameters->codec_id) return {};
  auto described = describe(now);
  if (!described) return std::move(described).error();
  stream.info = std::move(described).value();
  return {};
}

// Where a camera goes away, libav's parser hands out what came of its next picture, be it nothing but the
// delimiter in front.
bool Input::says_something(const AVPacket& packet, const Chosen& stream) const {
  if (packet.size <= 0 || &stream != &video_) return packet.size > 0;
  const auto* data = reinterpret_cast<const char*>(packet.data);
  return media::holds_picture(*stream.info, {data, static_cast<std::size_t>(packet.size)});
}

Result<media::AvPacket> Input::read() {
  media::AvPacket packet = media::make_av_packet();
  for (;;) {
    const int got = av_read_frame(format_.get(), packet.get());
    // Bytes that we handed over and that belong to no stream are nothing yet.
    if (got == AVERROR(EAGAIN) && interrupted(&guard_) == 0) continue;
    if (got < 0) return explain(got, "read");
    // libav's parser holds a picture back until the next begins; interrupted, it hands that one out
    // as if it had arrived now.
    if (guard_.given_up() || guard_.expired()) return explain(AVERROR_EXIT, "read");
    Chosen* stream = chosen(packet->stream_index);
    if (stream != nullptr && packet->size > 0)
      if (auto s = follow_codec(*stream); !s) return std::move(s).error();
    if (stream != nullptr && says_something(*packet, *stream)) {
      last_ = stream;
      if (audio_.info) step_.settle(*packet, *stream->info);
      if (stream == &video_ && packet->pts != AV_NOPTS_VALUE && !tells_decoding())
        packet->dts = AV_NOPTS_VALUE;
      return packet;
    }
    av_packet_unref(packet.get());
    // Packets of other streams must not keep us past the deadline.
    if (interrupted(&guard_) != 0) return explain(AVERROR_EXIT, "read");
  }
}

Error Input::explain(int code, std::string_view doing) const {
  const std::string what = std::string(doing) + " '" + name_ + "'";
  if (guard_.given_up()) return Error(ErrorCode::cancelled, what + ": given up");
  if (guard_.expired()) return Error(ErrorCode::timeout, what + ": no answer in time");
  return media::av_error(code, what);
}

bool same_coding(const media::StreamInfo& a, const media::StreamInfo& b) {
  const AVCodecParameters& left = *a.parameters;
  const AVCodecParameters& right = *b.parameters;
  return left.codec_id == right.codec_id && left.width == right.width && left.height == right.height &&
         a.sample_rate == b.sample_rate && a.channels == b.channels && a.time_base_num == b.time_base_num &&
         a.time_base_den == b.time_base_den &&
         std::equal(left.extradata, left.extradata + left.extradata_size, right.extradata,
                    right.extradata + right.extradata_size);
}

media::PacketPtr make_packet(media::AvPacket data, std::shared_ptr<const media::StreamInfo> stream,
                             MonotonicTime arrived) {
  auto packet = std::make_shared<media::Packet>();
  packet->stream = std::move(stream);
  packet->arrived = arrived;
  packet->keyframe = (data->flags & AV_PKT_FLAG_KEY) != 0;
  packet->size = static_cast<std::size_t>(data->size);
  packet->data = std::shared_ptr<const AVPacket>(data.release(), media::AvDeleter{});
  return packet;
}

}  // namespace porchlight::camera
