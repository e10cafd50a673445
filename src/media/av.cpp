// SPDX-License-Identifier: Apache-2.0
#include "porchlight/media/av.hpp"

#include <array>
#include <cstring>
#include <new>
#include <string>

#include "media/codec_notes.hpp"

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/error.h>
#include <libavutil/log.h>
#include <libavutil/mem.h>
#include <libswscale/swscale.h>
}

namespace porchlight::media {
namespace {

// Prints nothing. One complaint is in no return code: H.265 that refers to a picture which never came is
// decoded with a grey one in its place. The texts are libavcodec's literals, whose "ref" is in each of these.
void listen(void* subject, int level, const char* format, va_list) {
  if (subject == nullptr || level > AV_LOG_ERROR || std::strstr(format, "ref") == nullptr) return;
  if (*static_cast<const AVClass* const*>(subject) != avcodec_get_class()) return;
  note_missing_reference(*static_cast<const AVCodecContext*>(subject));
}

template <class T>
T* or_die(T* made) {
  if (made == nullptr) throw std::bad_alloc();
  return made;
}

ErrorCode http_code(int code) {
  switch (code) {
    case AVERROR_HTTP_UNAUTHORIZED:
    case AVERROR_HTTP_FORBIDDEN:
      return ErrorCode::auth;
    case AVERROR_HTTP_NOT_FOUND:
      return ErrorCode::not_found;
    case AVERROR_HTTP_SERVER_ERROR:
      return ErrorCode::unavailable;
    default:
      return ErrorCode::corrupt;
  }
}

ErrorCode libav_code(int code) {
  switch (code) {
    case AVERROR_EOF:
      return ErrorCode::end_of_stream;
    case AVERROR_EXIT:
      return ErrorCode::cancelled;
    case AVERROR_INVALIDDATA:
    case AVERROR_STREAM_NOT_FOUND:
      return ErrorCode::corrupt;
    case AVERROR_DECODER_NOT_FOUND:
    case AVERROR_DEMUXER_NOT_FOUND:
    case AVERROR_PROTOCOL_NOT_FOUND:
    case AVERROR_PATCHWELCOME:
      return ErrorCode::unsupported;
    case AVERROR_BUG:
    case AVERROR_BUG2:
    case AVERROR_UNKNOWN:
    case AVERROR_EXTERNAL:
      return ErrorCode::internal;
    default:
      return http_code(code);
  }
}

ErrorCode errno_code(int errnum) {
  switch (errnum) {
    case ETIMEDOUT:
      return ErrorCode::timeout;
    case ECONNREFUSED:
    case ECONNRESET:
    case ECONNABORTED:
    case EHOSTUNREACH:
    case EHOSTDOWN:
    case ENETUNREACH:
    case ENETDOWN:
    case EPIPE:
    case ENOTCONN:
      return ErrorCode::network;
    default:
      return errno_error(errnum, "").code();
  }
}

// libav's own codes are four characters packed into a number that no errno reaches.
bool is_errno(int code) {
  return code < 0 && AVUNERROR(code) < 4096;
}

constexpr int block = 32 * 1024;

int on_read(void* opaque, std::uint8_t* into, int room) {
  return (*static_cast<const std::function<int(std::uint8_t*, int)>*>(opaque))(into, room);
}

// What libavformat would say to the other side, in pieces that are no packets: it stays unsaid.
#if LIBAVFORMAT_VERSION_MAJOR >= 61
int on_write(void*, const std::uint8_t*, int size) {
#else
int on_write(void*, std::uint8_t*, int size) {
#endif
  return size;
}

AvBytes make_bytes(const std::function<int(std::uint8_t*, int)>& read, bool packets) {
  auto* buffer = static_cast<unsigned char*>(or_die(av_malloc(block)));
  auto* opaque = const_cast<std::function<int(std::uint8_t*, int)>*>(&read);
  return AvBytes(or_die(avio_alloc_context(buffer, block, packets ? 1 : 0, opaque, &on_read,
                                           packets ? &on_write : nullptr, nullptr)));
}

}  // namespace

void AvDeleter::operator()(AVCodecContext* context) const noexcept {
  avcodec_free_context(&context);
}
void AvDeleter::operator()(AVCodecParameters* parameters) const noexcept {
  avcodec_parameters_free(&parameters);
}
void AvDeleter::operator()(AVFormatContext* input) const noexcept {
  avformat_close_input(&input);
}
void AvDeleter::operator()(AVFrame* frame) const noexcept {
  av_frame_free(&frame);
}
void AvDeleter::operator()(AVIOContext* bytes) const noexcept {
  if (bytes == nullptr) return;
  av_freep(&bytes->buffer);  // it may be another one than the context was given
  avio_context_free(&bytes);
}
void AvDeleter::operator()(AVPacket* packet) const noexcept {
  av_packet_free(&packet);
}
void AvDeleter::operator()(SwsContext* context) const noexcept {
  sws_freeContext(context);
}

AvFrame make_av_frame() {
  return AvFrame(or_die(av_frame_alloc()));
}
AvPacket make_av_packet() {
  return AvPacket(or_die(av_packet_alloc()));
}

AvBytes make_av_bytes(const std::function<int(std::uint8_t*, int)>& read) {
  return make_bytes(read, false);
}

AvBytes make_av_packets(const std::function<int(std::uint8_t*, int)>& read) {
  auto packets = make_bytes(read, true);
  packets->direct = AVIO_FLAG_DIRECT;  // past the buffer, which knows no packets
  return packets;
}

Error av_error(int code, std::string_view doing) {
  std::array<char, AV_ERROR_MAX_STRING_SIZE> text{};
  av_strerror(code, text.data(), text.size());
  const auto ours = is_errno(code) ? errno_code(AVUNERROR(code)) : libav_code(code);
  return Error(ours, std::string(doing) + ": " + text.data());
}

Status av_status(int code, std::string_view doing) {
  if (code >= 0) return {};
  return av_error(code, doing);
}

void silence_libav() noexcept {
  av_log_set_callback(&listen);
}

}  // namespace porchlight::media
