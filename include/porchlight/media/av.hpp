// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>

#include "porchlight/base/result.hpp"

struct AVBSFContext;
struct AVCodecContext;
struct AVCodecParameters;
struct AVDictionary;
struct AVFormatContext;
struct AVFrame;
struct AVIOContext;
struct AVPacket;
struct SwsContext;

namespace porchlight::media {

// libav's objects with their destructors. Inputs only: an AvFormat closes an input.
struct AvDeleter {
  void operator()(AVCodecContext* context) const noexcept;
  void operator()(AVCodecParameters* parameters) const noexcept;
  void operator()(AVFormatContext* input) const noexcept;
  void operator()(AVFrame* frame) const noexcept;
  void operator()(AVIOContext* bytes) const noexcept;
  void operator()(AVPacket* packet) const noexcept;
  void operator()(SwsContext* context) const noexcept;
};
using AvBytes = std::unique_ptr<AVIOContext, AvDeleter>;
using AvCodec = std::unique_ptr<AVCodecContext, AvDeleter>;
using AvParameters = std::unique_ptr<AVCodecParameters, AvDeleter>;
using AvFormat = std::unique_ptr<AVFormatContext, AvDeleter>;
using AvFrame = std::unique_ptr<AVFrame, AvDeleter>;
using AvPacket = std::unique_ptr<AVPacket, AvDeleter>;
using AvScale = std::unique_ptr<SwsContext, AvDeleter>;

// Out of memory ends the process, as everywhere else.
AvFrame make_av_frame();
AvPacket make_av_packet();
// libavformat's view of bytes that somebody else brings: up to so many, or one of libav's error codes.
// `read` outlives it.
AvBytes make_av_bytes(const std::function<int(std::uint8_t*, int)>& read);
// The same of a protocol of packets: each read gives one. What libavformat writes is thrown away.
AvBytes make_av_packets(const std::function<int(std::uint8_t*, int)>& read);

// The one place where libav's return codes become ours.
Error av_error(int code, std::string_view doing);
Status av_status(int code, std::string_view doing);

// libav prints URLs with their passwords, and one line for every damaged macroblock: nothing of it is
// printed; what matters arrives as return codes. Process-wide, idempotent, any thread.
void silence_libav() noexcept;

}  // namespace porchlight::media
