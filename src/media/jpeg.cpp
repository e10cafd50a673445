// SPDX-License-Identifier: Apache-2.0
#include "porchlight/media/jpeg.hpp"

#include <turbojpeg.h>

#include <algorithm>
#include <string>
#include <utility>

#include "jfif_planes.hpp"

extern "C" {
#include <libavutil/pixdesc.h>
#include <libswscale/swscale.h>
}

namespace porchlight::media {
namespace {

struct CloseCompressor {
  void operator()(void* handle) const noexcept { tjDestroy(handle); }
};

// Grown by turbojpeg through its own allocator, and kept between pictures.
struct OutputBuffer {
  unsigned char* data = nullptr;
  unsigned long size = 0;
  OutputBuffer() = default;
  OutputBuffer(const OutputBuffer&) = delete;
  OutputBuffer& operator=(const OutputBuffer&) = delete;
  ~OutputBuffer() { tjFree(data); }
};

int subsampling(const PlaneView& planes) {
  if (planes.grey) return TJSAMP_GRAY;
  if (planes.chroma_shift_x == 0) return TJSAMP_444;
  return planes.chroma_shift_y == 0 ? TJSAMP_422 : TJSAMP_420;
}

bool is_rgb(AVPixelFormat format) {
  const AVPixFmtDescriptor* descriptor = av_pix_fmt_desc_get(format);
  return descriptor != nullptr && (descriptor->flags & (AV_PIX_FMT_FLAG_RGB | AV_PIX_FMT_FLAG_PAL)) != 0;
}

}  // namespace

struct JpegEncoder::Compressor {
  explicit Compressor(JpegOptions wanted) : options(wanted) {}

  Result<std::vector<std::uint8_t>> encode(const AVFrame& picture);
  Result<const AVFrame*> scaled_to(const AVFrame& picture, int width, int height);

  JpegOptions options;
  std::unique_ptr<void, CloseCompressor> handle;
  OutputBuffer output;
  JfifPlanes planes;
  AvScale scale;
  AvFrame scaled;
};

JpegEncoder::JpegEncoder(std::unique_ptr<Compressor> compressor) : compressor_(std::move(compressor)) {}
JpegEncoder::JpegEncoder(JpegEncoder&&) noexcept = default;
JpegEncoder& JpegEncoder::operator=(JpegEncoder&&) noexcept = default;
JpegEncoder::~JpegEncoder() = default;

Result<JpegEncoder> JpegEncoder::create(JpegOptions options) {
  if (options.quality < 1 || options.quality > 100 || options.max_width < 0)
    return Error(ErrorCode::invalid_argument,
                 "open JPEG encoder: quality is 1 to 100, max_width not negative");
  auto compressor = std::make_unique<Compressor>(options);
  compressor->handle.reset(tjInitCompress());
  if (!compressor->handle) return Error(ErrorCode::resource, "open JPEG encoder: out of memory");
  return JpegEncoder(std::move(compressor));
}

Result<std::vector<std::uint8_t>> JpegEncoder::encode(const Frame& frame) {
  if (!frame.picture) return Error(ErrorCode::invalid_argument, "encode JPEG: no picture");
  const AVFrame& picture = *frame.picture;
  const int limit = compressor_->options.max_width;
  const bool too_wide = limit > 0 && picture.width > limit;
  if (!too_wide && has_jfif_planes(static_cast<AVPixelFormat>(picture.format)))
    return compressor_->encode(picture);
  const int width = too_wide ? limit : picture.width;
  const int height =
      too_wide ? std::max(1, (picture.height * limit + picture.width / 2) / picture.width) : picture.height;
  auto scaled = compressor_->scaled_to(picture, width, height);
  if (!scaled) return std::move(scaled).error().context("encode JPEG");
  return compressor_->encode(**scaled);
}

Result<std::vector<std::uint8_t>> JpegEncoder::Compressor::encode(const AVFrame& picture) {
  PlaneView view = planes.view(picture);
  const int failed =
      tjCompressFromYUVPlanes(handle.get(), view.data.data(), view.width, view.stride.data(), view.height,
                              subsampling(view), &output.data, &output.size, options.quality, TJFLAG_FASTDCT);
  if (failed != 0)
    return Error(ErrorCode::internal, std::string("encode JPEG: ") + tjGetErrorStr2(handle.get()));
  return std::vector<std::uint8_t>(output.data, output.data + output.size);
}

Result<const AVFrame*> JpegEncoder::Compressor::scaled_to(const AVFrame& picture, int width, int height) {
  const auto from = plain_format(static_cast<AVPixelFormat>(picture.format));
  const Colour colour = colour_of(picture);
  const Colour target = is_rgb(from) ? jfif_colour : colour;
  scale.reset(sws_getCachedContext(scale.release(), picture.width, picture.height, from, width, height,
                                   AV_PIX_FMT_YUV420P, SWS_BILINEAR | SWS_ACCURATE_RND, nullptr, nullptr,
                                   nullptr));
  if (!scale) return Error(ErrorCode::unsupported, "no conversion for the picture's pixel format");
  set_colours(scale.get(), colour, target);
  if (!scaled || scaled->width != width || scaled->height != height) {
    scaled = make_av_frame();
    scaled->format = AV_PIX_FMT_YUV420P;
    scaled->width = width;
    scaled->height = height;
    if (auto s = av_status(av_frame_get_buffer(scaled.get(), 0), "scale picture"); !s)
      return std::move(s).error();
  }
  scaled->color_range = target.full_range ? AVCOL_RANGE_JPEG : AVCOL_RANGE_MPEG;
  scaled->colorspace = target.bt709 ? AVCOL_SPC_BT709 : AVCOL_SPC_BT470BG;
  sws_scale(scale.get(), picture.data, picture.linesize, 0, picture.height, scaled->data, scaled->linesize);
  return static_cast<const AVFrame*>(scaled.get());
}

}  // namespace porchlight::media
