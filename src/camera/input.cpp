// SPDX-License-Identifier: Apache-2.0
#include "input.hpp"

#include <algorithm>

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/avstring.h>
#include <libavutil/dict.h>
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

Result<std::shared_ptr<const media::StreamInfo>> describe(const AVStream& stream) {
  media::AvParameters parameters(avcodec_parameters_alloc());
  if (!parameters) return Error(ErrorCode::resource, "copy stream parameters: out of memory");
  const int copied = avcodec_parameters_copy(parameters.get(), stream.codecpar);
  if (copied < 0) return media::av_error(copied, "copy stream parameters");
  auto info = std::make_shared<media::StreamInfo>();
  info->kind = media::MediaKind::video;
  info->codec = avcodec_get_name(stream.codecpar->codec_id);
  info->width = stream.codecpar->width;
  info->height = stream.codecpar->height;
  info->fps = frames_per_second(stream);
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
  if (auto s = input->choose_stream(); !s) return std::move(s).error();
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

Status Input::choose_stream() {
  index_ = av_find_best_stream(format_.get(), AVMEDIA_TYPE_VIDEO, -1, -1, nullptr, 0);
  if (index_ < 0) return Error(ErrorCode::corrupt, "open '" + name_ + "': no video stream");
  for (unsigned i = 0; i < format_->nb_streams; ++i)
    format_->streams[i]->discard = static_cast<int>(i) == index_ ? AVDISCARD_DEFAULT : AVDISCARD_ALL;
  auto described = describe(*format_->streams[index_]);
  if (!described) return std::move(described).error();
  stream_ = std::move(described).value();
  return {};
}

bool Input::tells_time() const noexcept {
  const auto* parser_only = "h264,hevc";
  return av_match_name(format_->iformat->name, parser_only) == 0;
}

// A transport stream may go on with another codec in the same place.
Status Input::follow_codec() {
  const AVStream& now = *format_->streams[index_];
  if (now.codecpar->codec_id == stream_->parameters->codec_id) return {};
  auto described = describe(now);
  if (!described) return std::move(described).error();
  stream_ = std::move(described).value();
  return {};
}

Result<media::AvPacket> Input::read() {
  media::AvPacket packet = media::make_av_packet();
  for (;;) {
    const int got = av_read_frame(format_.get(), packet.get());
    if (got < 0) return explain(got, "read");
    // libav's parser holds a picture back until the next begins; interrupted, it hands that one out
    // as if it had arrived now.
    if (guard_.given_up() || guard_.expired()) return explain(AVERROR_EXIT, "read");
    if (packet->stream_index == index_ && packet->size > 0) {
      if (auto s = follow_codec(); !s) return std::move(s).error();
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
         a.time_base_num == b.time_base_num && a.time_base_den == b.time_base_den &&
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
