// SPDX-License-Identifier: Apache-2.0
#include "porchlight/media/av.hpp"

#include <array>
#include <new>
#include <string>

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/error.h>
#include <libavutil/log.h>
#include <libswscale/swscale.h>
}

namespace porchlight::media {
namespace {

void say_nothing(void*, int, const char*, va_list) {}

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
  av_log_set_callback(&say_nothing);
}

}  // namespace porchlight::media
