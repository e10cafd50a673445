// SPDX-License-Identifier: Apache-2.0
#include "record/segment_input.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <new>
#include <utility>

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/mem.h>
}

namespace porchlight::record {
namespace {

constexpr int block = 64 * 1024;

}  // namespace

SegmentInput::SegmentInput(std::string name, UniqueFd fd, std::uint64_t bytes)
    : name_(std::move(name)), fd_(std::move(fd)), bytes_(static_cast<std::int64_t>(bytes)) {}

int SegmentInput::on_read(void* opaque, std::uint8_t* into, int room) {
  auto& self = *static_cast<SegmentInput*>(opaque);
  const auto wanted = std::min<std::int64_t>(room, self.bytes_ - self.at_);
  if (wanted <= 0) return AVERROR_EOF;
  for (;;) {
    const auto got = ::pread(self.fd_.get(), into, static_cast<std::size_t>(wanted), self.at_);
    if (got < 0 && errno == EINTR) continue;
    // libavformat takes an error between two fragments for the end.
    if (got < 0) return self.failed_ = AVERROR(errno);
    if (got == 0) return self.failed_ = AVERROR_INVALIDDATA;  // the file became shorter
    self.at_ += got;
    return static_cast<int>(got);
  }
}

std::int64_t SegmentInput::on_seek(void* opaque, std::int64_t offset, int whence) {
  auto& self = *static_cast<SegmentInput*>(opaque);
  switch (whence & ~AVSEEK_FORCE) {
    case AVSEEK_SIZE:
      return self.bytes_;
    case SEEK_SET:
      break;
    case SEEK_CUR:
      offset += self.at_;
      break;
    case SEEK_END:
      offset += self.bytes_;
      break;
    default:
      return AVERROR(EINVAL);
  }
  if (offset < 0) return AVERROR(EINVAL);
  return self.at_ = offset;
}

Error SegmentInput::explain(int code, const char* doing) const {
  return media::av_error(code, std::string(doing) + " '" + name_ + "'");
}

Result<std::unique_ptr<SegmentInput>> SegmentInput::open(const std::filesystem::path& file,
                                                         std::uint64_t bytes) {
  media::silence_libav();
  UniqueFd fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return errno_error(errno, "open '" + file.string() + "'");
  std::unique_ptr<SegmentInput> input(new SegmentInput(file.string(), std::move(fd), bytes));
  if (auto status = input->connect(); !status) return std::move(status).error();
  auto zero = input->next_keyframe();
  if (!zero && zero.error().code() == ErrorCode::end_of_stream)
    return Error(ErrorCode::corrupt, "open '" + file.string() + "': there is no picture in it");
  if (!zero) return std::move(zero).error();
  input->zero_ = *zero;
  if (auto status = input->rewind(); !status) return std::move(status).error();
  return input;
}

Status SegmentInput::connect() {
  auto* buffer = static_cast<unsigned char*>(av_malloc(block));
  if (buffer == nullptr) throw std::bad_alloc();
  io_.reset(avio_alloc_context(buffer, block, 0, this, &on_read, nullptr, &on_seek));
  AVFormatContext* context = avformat_alloc_context();
  if (!io_ || context == nullptr) throw std::bad_alloc();
  context->pb = io_.get();
  const int opened = avformat_open_input(&context, name_.c_str(), av_find_input_format("mov"), nullptr);
  if (opened < 0) return explain(opened, "open");  // libav has freed the context
  format_.reset(context);
  // It has looked for all fragments: what stands before the place that failed can still be had.
  broken_ = std::exchange(failed_, 0);
  for (unsigned i = 0; i < format_->nb_streams; ++i) {
    auto& stream = *format_->streams[i];
    auto** place = stream.codecpar->codec_type == AVMEDIA_TYPE_VIDEO   ? &video_
                   : stream.codecpar->codec_type == AVMEDIA_TYPE_AUDIO ? &audio_
                                                                       : nullptr;
    if (place != nullptr && *place == nullptr)
      *place = &stream;
    else
      stream.discard = AVDISCARD_ALL;
  }
  if (video_ == nullptr) return Error(ErrorCode::corrupt, "open '" + name_ + "': there is no video in it");
  return {};
}

Result<bool> SegmentInput::read(AVPacket& packet) {
  for (;;) {
    const int got = av_read_frame(format_.get(), &packet);
    if (failed_ != 0) {
      av_packet_unref(&packet);
      return explain(failed_, "read");
    }
    if (got == AVERROR_EOF && broken_ != 0) return explain(broken_, "read");
    if (got == AVERROR_EOF) return false;
    if (got < 0) return explain(got, "read");
    const bool ours =
        packet.stream_index == video_->index || (audio_ != nullptr && packet.stream_index == audio_->index);
    if (ours && packet.size > 0 && packet.pts != AV_NOPTS_VALUE) {
      if (packet.dts == AV_NOPTS_VALUE) packet.dts = packet.pts;
      return true;
    }
    av_packet_unref(&packet);
  }
}

Result<std::int64_t> SegmentInput::next_keyframe() {
  const auto packet = media::make_av_packet();
  for (;;) {
    const auto got = read(*packet);
    if (!got) return got.error();
    if (!*got) return Error(ErrorCode::end_of_stream, "read '" + name_ + "': no further picture");
    const bool key = packet->stream_index == video_->index && (packet->flags & AV_PKT_FLAG_KEY) != 0;
    const auto pts = packet->pts;
    av_packet_unref(packet.get());
    if (key) return pts;
  }
}

// To the first packet, be it sound from before the first picture: libavformat seeks one track, and has the
// others follow to when what it found there is to be decoded.
Status SegmentInput::rewind() {
  const auto first = [](AVStream& stream) {
    const auto* entry = avformat_index_get_entry(&stream, 0);
    return entry == nullptr ? std::int64_t{0} : entry->timestamp;
  };
  const auto* earliest = video_;
  if (audio_ != nullptr && avformat_index_get_entries_count(audio_) > 0 &&
      av_compare_ts(first(*audio_), audio_->time_base, first(*video_), video_->time_base) < 0)
    earliest = audio_;
  const auto at = first(*(earliest == audio_ ? audio_ : video_));
  const int begun = av_seek_frame(format_.get(), earliest->index, at, AVSEEK_FLAG_BACKWARD);
  return begun < 0 ? Status(explain(begun, "seek in")) : Status();
}

// libavformat searches by decoding time, which is earlier than presentation where pictures are reordered.
Status SegmentInput::seek(std::int64_t pts) {
  for (auto target = std::max(pts, zero_);;) {
    // Before the first one is no place: then the beginning.
    if (av_seek_frame(format_.get(), video_->index, target, AVSEEK_FLAG_BACKWARD) < 0) {
      const int begun = av_seek_frame(format_.get(), video_->index, target, 0);
      if (begun < 0) return explain(begun, "seek in");
      return {};
    }
    if (pts <= zero_) return {};
    auto found = next_keyframe();
    if (!found && found.error().code() != ErrorCode::end_of_stream) return std::move(found).error();
    if (found && (*found <= pts || *found <= zero_)) {
      const int back = av_seek_frame(format_.get(), video_->index, target, AVSEEK_FLAG_BACKWARD);
      return back < 0 ? Status(explain(back, "seek in")) : Status();
    }
    // A tenth of a second back.
    target -= std::max<std::int64_t>(1, video_->time_base.den / (10LL * video_->time_base.num));
  }
}

std::uint64_t SegmentInput::position() const noexcept {
  return static_cast<std::uint64_t>(std::clamp<std::int64_t>(avio_tell(io_.get()), 0, bytes_));
}

Result<std::shared_ptr<const media::StreamInfo>> picture_stream(const SegmentInput& input) {
  const auto& stream = input.video();
  media::AvParameters parameters(avcodec_parameters_alloc());
  if (!parameters) throw std::bad_alloc();
  if (const int copied = avcodec_parameters_copy(parameters.get(), stream.codecpar); copied < 0)
    return media::av_error(copied, "copy stream parameters");
  auto info = std::make_shared<media::StreamInfo>();
  info->codec = avcodec_get_name(stream.codecpar->codec_id);
  info->width = stream.codecpar->width;
  info->height = stream.codecpar->height;
  info->time_base_num = stream.time_base.num;
  info->time_base_den = stream.time_base.den;
  info->parameters = std::shared_ptr<const AVCodecParameters>(parameters.release(), media::AvDeleter{});
  return std::shared_ptr<const media::StreamInfo>(std::move(info));
}

}  // namespace porchlight::record
