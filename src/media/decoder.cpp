// SPDX-License-Identifier: Apache-2.0
#include "porchlight/media/decoder.hpp"

#include <utility>

#include "media/codec_notes.hpp"

extern "C" {
#include <libavcodec/avcodec.h>
}

namespace porchlight::media {
namespace {

bool is_damaged(const AVFrame& picture) {
  return (picture.flags & AV_FRAME_FLAG_CORRUPT) != 0 || picture.decode_error_flags != 0 ||
         picture.width <= 0 || picture.height <= 0;
}

bool is_keyframe(const AVFrame& picture) {
#ifdef AV_FRAME_FLAG_KEY
  return (picture.flags & AV_FRAME_FLAG_KEY) != 0;
#else
  return picture.key_frame != 0;
#endif
}

// Damaged input, as opposed to a decoder that can do no more.
bool is_input_fault(int code) {
  return code != AVERROR(ENOMEM) && code != AVERROR_BUG && code != AVERROR_EXTERNAL;
}

// H.265 shows a damaged slice as if nothing were, unless it is told to give up at it.
constexpr int strict = AV_EF_EXPLODE;
// A camera whose every keyframe has something in it that libavcodec takes exception to is watched all the
// same.
constexpr std::uint64_t too_strict_after = 3;

}  // namespace

Decoder::Decoder(std::shared_ptr<CodecNotes> notes, AvCodec codec, std::uint64_t next_number)
    : notes_(std::move(notes)), codec_(std::move(codec)), next_number_(next_number) {}

Result<Decoder> Decoder::create(const StreamInfo& stream, int threads, std::uint64_t next_number,
                                std::shared_ptr<PictureMemory> memory) {
  silence_libav();
  if (!stream.parameters || stream.kind != MediaKind::video)
    return Error(ErrorCode::invalid_argument, "open decoder: not a video stream");
  if (std::int64_t{stream.parameters->width} * stream.parameters->height > most_pixels)
    return Error(ErrorCode::unsupported, "open decoder: " + std::to_string(stream.parameters->width) + "x" +
                                             std::to_string(stream.parameters->height) +
                                             " is more than 16.7 megapixels");
  const AVCodec* found = avcodec_find_decoder(stream.parameters->codec_id);
  if (found == nullptr)
    return Error(ErrorCode::unsupported, "open decoder: no decoder for codec '" + stream.codec + "'");
  auto notes = std::make_shared<CodecNotes>(std::move(memory));
  AvCodec codec(avcodec_alloc_context3(found));
  if (!codec) return Error(ErrorCode::resource, "open decoder: out of memory");
  if (auto s = av_status(avcodec_parameters_to_context(codec.get(), stream.parameters.get()), "open decoder");
      !s)
    return std::move(s).error();
  codec->pkt_timebase = AVRational{stream.time_base_num, stream.time_base_den};
  codec->flags |= AV_CODEC_FLAG_LOW_DELAY;
  codec->err_recognition = AV_EF_CRCCHECK | AV_EF_BITSTREAM | AV_EF_BUFFER;
  if (codec->codec_id == AV_CODEC_ID_HEVC) codec->err_recognition |= strict;
  codec->max_pixels = Decoder::most_pixels;
  codec->thread_count = threads;
  codec->thread_type = FF_THREAD_SLICE;  // frame threads would hold back one picture each
  keep_notes(*codec, *notes);
  if (auto s = av_status(avcodec_open2(codec.get(), found, nullptr), "open decoder"); !s)
    return std::move(s).error();
  return Decoder(std::move(notes), std::move(codec), next_number);
}

Status Decoder::decode(const Packet& packet, const Deliver& deliver) {
  if (!packet.data) return Error(ErrorCode::invalid_argument, "decode packet: no data");
  if (waiting_ && !packet.keyframe) {
    ++lost_;
    return {};
  }
  if (waiting_) {
    avcodec_flush_buffers(codec_.get());
    waiting_ = false;
  }
  newest_arrival_ = packet.arrived;
  arrivals_[next_arrival_++ % arrivals_.size()] = {packet.data->pts, packet.arrived};

  int sent = avcodec_send_packet(codec_.get(), packet.data.get());
  if (sent == AVERROR(EAGAIN)) {
    if (auto s = receive(deliver); !s) return s;
    sent = avcodec_send_packet(codec_.get(), packet.data.get());
  }
  if (sent < 0) {
    if (!is_input_fault(sent)) return av_error(sent, "decode packet");
    damaged();
    return {};
  }
  note_missing_references();
  return receive(deliver);
}

// The picture that refers to nothing still comes out, and is not shown, as what refers to it.
void Decoder::note_missing_references() {
  const auto missing = notes_->missing.load(std::memory_order_relaxed);
  if (std::exchange(missing_seen_, missing) == missing) return;
  ++errors_;
  waiting_ = true;
}

Status Decoder::flush(const Deliver& deliver) {
  if (avcodec_send_packet(codec_.get(), nullptr) >= 0) {
    if (auto s = receive(deliver); !s) return s;
  }
  reset();
  return {};
}

void Decoder::reset() {
  avcodec_flush_buffers(codec_.get());
  waiting_ = true;
}

Status Decoder::receive(const Deliver& deliver) {
  for (;;) {
    AvFrame picture = make_av_frame();
    const int received = avcodec_receive_frame(codec_.get(), picture.get());
    if (received == AVERROR(EAGAIN) || received == AVERROR_EOF) return {};
    if (received < 0) {
      if (!is_input_fault(received)) return av_error(received, "decode packet");
      damaged();
      return {};
    }
    note_missing_references();
    take(std::move(picture), deliver);
  }
}

double Decoder::announced_fps() const noexcept {
  const AVRational rate = codec_->framerate;
  return rate.num > 0 && rate.den > 0 ? av_q2d(rate) : 0;
}

void Decoder::damaged() {
  ++errors_;
  ++lost_;
  waiting_ = true;
  if (delivered_ == 0 && errors_ >= too_strict_after) codec_->err_recognition &= ~strict;
}

void Decoder::take(AvFrame picture, const Deliver& deliver) {
  if (waiting_) {
    ++lost_;  // came out behind damage, refers to it
    return;
  }
  if (is_damaged(*picture)) {
    damaged();
    return;
  }
  if (alive_->load(std::memory_order_relaxed) >= frame_limit) {
    ++lost_;
    return;
  }
  auto frame = std::make_shared<Frame>();
  frame->width = picture->width;
  frame->height = picture->height;
  frame->arrived = arrival_of(*picture);
  frame->decoded = std::chrono::steady_clock::now();
  frame->number = next_number_++;
  ++delivered_;
  frame->keyframe = is_keyframe(*picture);
  alive_->fetch_add(1, std::memory_order_relaxed);
  frame->picture = std::shared_ptr<const AVFrame>(picture.release(), [alive = alive_](const AVFrame* gone) {
    AvDeleter{}(const_cast<AVFrame*>(gone));
    alive->fetch_sub(1, std::memory_order_relaxed);
  });
  deliver(std::move(frame));
}

MonotonicTime Decoder::arrival_of(const AVFrame& picture) const {
  if (picture.pts == AV_NOPTS_VALUE) return newest_arrival_;
  for (std::size_t back = 1; back <= arrivals_.size() && back <= next_arrival_; ++back) {
    const Arrival& arrival = arrivals_[(next_arrival_ - back) % arrivals_.size()];
    if (arrival.pts == picture.pts) return arrival.at;
  }
  return newest_arrival_;
}

}  // namespace porchlight::media
