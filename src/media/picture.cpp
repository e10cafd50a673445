// SPDX-License-Identifier: Apache-2.0
#include "porchlight/media/picture.hpp"

#include <algorithm>
#include <array>

#include "colour.hpp"

extern "C" {
#include <libavutil/pixdesc.h>
#include <libswscale/swscale.h>
}

namespace porchlight::media {
namespace {

AVPixelFormat format_of(PixelLayout layout) {
  switch (layout) {
    case PixelLayout::bgr:
      return AV_PIX_FMT_BGR24;
    case PixelLayout::rgb:
      return AV_PIX_FMT_RGB24;
    case PixelLayout::grey:
      break;
  }
  return AV_PIX_FMT_GRAY8;
}

// Clipped, and with its corner on a chroma sample.
Region fit(const Region& wanted, const AVFrame& picture) {
  const int left = std::clamp(wanted.x, 0, picture.width) & ~1;
  const int top = std::clamp(wanted.y, 0, picture.height) & ~1;
  const int right = std::clamp(wanted.x + wanted.width, 0, picture.width);
  const int bottom = std::clamp(wanted.y + wanted.height, 0, picture.height);
  return {left, top, right - left, bottom - top};
}

// Where the region's first sample lies in each plane.
std::array<const std::uint8_t*, 4> planes_at(const AVFrame& picture, const AVPixFmtDescriptor& format,
                                             const Region& region) {
  std::array<const std::uint8_t*, 4> planes{};
  for (int c = 0; c < format.nb_components; ++c) {
    const AVComponentDescriptor& component = format.comp[c];
    if (planes[static_cast<std::size_t>(component.plane)] != nullptr) continue;
    const bool chroma = c == 1 || c == 2;
    const bool yuv = (format.flags & AV_PIX_FMT_FLAG_RGB) == 0;
    const int x = chroma && yuv ? region.x >> format.log2_chroma_w : region.x;
    const int y = chroma && yuv ? region.y >> format.log2_chroma_h : region.y;
    planes[static_cast<std::size_t>(component.plane)] =
        picture.data[component.plane] + std::ptrdiff_t{y} * picture.linesize[component.plane] +
        std::ptrdiff_t{x} * component.step;
  }
  return planes;
}

void shape(Image& image, int width, int height, int channels) {
  image.width = width;
  image.height = height;
  image.channels = channels;
  image.stride = static_cast<std::size_t>(width) * static_cast<std::size_t>(channels);
  image.pixels.resize(image.stride * static_cast<std::size_t>(height));
}

}  // namespace

Result<Region> Scaler::scale(const Frame& frame, int width, int height, Image& image,
                             const std::optional<Region>& region) {
  if (!frame.picture || width <= 0 || height <= 0)
    return Error(ErrorCode::invalid_argument, "scale picture: empty");
  const AVFrame& picture = *frame.picture;
  const auto from = plain_format(static_cast<AVPixelFormat>(picture.format));
  const AVPixFmtDescriptor* descriptor = av_pix_fmt_desc_get(from);
  if (descriptor == nullptr) return Error(ErrorCode::unsupported, "scale picture: unknown pixel format");
  const Region taken = fit(region.value_or(Region{0, 0, picture.width, picture.height}), picture);
  if (taken.width <= 0 || taken.height <= 0)
    return Error(ErrorCode::invalid_argument, "scale picture: region outside of the picture");

  context_.reset(sws_getCachedContext(context_.release(), taken.width, taken.height, from, width, height,
                                      format_of(layout_), SWS_BILINEAR | SWS_ACCURATE_RND, nullptr, nullptr,
                                      nullptr));
  if (!context_) return Error(ErrorCode::unsupported, "scale picture: no conversion for its pixel format");
  set_colours(context_.get(), colour_of(picture), jfif_colour);
  shape(image, width, height, layout_ == PixelLayout::grey ? 1 : 3);
  const auto planes = planes_at(picture, *descriptor, taken);
  const std::array<std::uint8_t*, 4> out{image.pixels.data()};
  const std::array<int, 4> out_stride{static_cast<int>(image.stride)};
  const int rows = sws_scale(context_.get(), planes.data(), picture.linesize, 0, taken.height, out.data(),
                             out_stride.data());
  if (rows != height) return Error(ErrorCode::internal, "scale picture: swscale gave up");
  return taken;
}

}  // namespace porchlight::media
