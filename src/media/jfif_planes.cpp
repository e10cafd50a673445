// SPDX-License-Identifier: Apache-2.0
#include "jfif_planes.hpp"

#include <algorithm>
#include <cmath>

extern "C" {
#include <libavutil/pixdesc.h>
}

namespace porchlight::media {
namespace {

constexpr int fraction_bits = 16;

// ITU-R BT.601-7 and BT.709-6: what red and blue weigh in luma.
struct Weights {
  double red, blue;
};
constexpr Weights bt601{0.299, 0.114};
constexpr Weights bt709{0.2126, 0.0722};

// Full-range YCbCr of BT.601 from what we have, in fixed point:
// y' = (y - luma_zero) × luma + cb × luma_cb + cr × luma_cr, and so on; cb and cr count from 128.
struct Conversion {
  int luma_zero, luma, luma_cb, luma_cr, cb_cb, cb_cr, cr_cb, cr_cr;
};

int fixed(double value) {
  return static_cast<int>(std::lround(value * (1 << fraction_bits)));
}

// One colour difference of unit size, from one matrix's weights through RGB to BT.601.
std::array<double, 3> difference(const Weights& from, double cb, double cr) {
  const double red = 2 * (1 - from.red) * cr;
  const double blue = 2 * (1 - from.blue) * cb;
  const double green = -(from.red * red + from.blue * blue) / (1 - from.red - from.blue);
  const double luma = bt601.red * red + (1 - bt601.red - bt601.blue) * green + bt601.blue * blue;
  return {luma, (blue - luma) / (2 * (1 - bt601.blue)), (red - luma) / (2 * (1 - bt601.red))};
}

Conversion conversion_from(Colour from) {
  const double luma_scale = from.full_range ? 1 : 255.0 / 219;
  const double chroma_scale = from.full_range ? 1 : 255.0 / 224;
  const auto cb = difference(from.bt709 ? bt709 : bt601, chroma_scale, 0);
  const auto cr = difference(from.bt709 ? bt709 : bt601, 0, chroma_scale);
  return {from.full_range ? 0 : 16,
          fixed(luma_scale),
          fixed(cb[0]),
          fixed(cr[0]),
          fixed(cb[1]),
          fixed(cr[1]),
          fixed(cb[2]),
          fixed(cr[2])};
}

std::uint8_t rounded(int fixed_point) {
  return static_cast<std::uint8_t>(
      std::clamp((fixed_point + (1 << (fraction_bits - 1))) >> fraction_bits, 0, 255));
}

struct Rows {
  const std::uint8_t* in;
  std::uint8_t* out;
};

void convert_chroma_row(const Conversion& c, Rows cb, Rows cr, int width, int* luma_shift) {
  constexpr int middle = 128 << fraction_bits;
  for (int x = 0; x < width; ++x) {
    const int b = cb.in[x] - 128;
    const int r = cr.in[x] - 128;
    cb.out[x] = rounded(middle + b * c.cb_cb + r * c.cb_cr);
    cr.out[x] = rounded(middle + b * c.cr_cb + r * c.cr_cr);
    luma_shift[x] = b * c.luma_cb + r * c.luma_cr;
  }
}

void convert_luma_row(const Conversion& c, Rows luma, int width, const int* luma_shift, int shift_x) {
  for (int x = 0; x < width; ++x)
    luma.out[x] = rounded((luma.in[x] - c.luma_zero) * c.luma + luma_shift[x >> shift_x]);
}

}  // namespace

bool has_jfif_planes(AVPixelFormat format) {
  switch (plain_format(format)) {
    case AV_PIX_FMT_YUV420P:
    case AV_PIX_FMT_YUV422P:
    case AV_PIX_FMT_YUV444P:
    case AV_PIX_FMT_NV12:
    case AV_PIX_FMT_GRAY8:
      return true;
    default:
      return false;
  }
}

PlaneView JfifPlanes::view(const AVFrame& picture) {
  const auto format = plain_format(static_cast<AVPixelFormat>(picture.format));
  const AVPixFmtDescriptor* descriptor = av_pix_fmt_desc_get(format);
  PlaneView planes;
  planes.width = picture.width;
  planes.height = picture.height;
  planes.chroma_shift_x = descriptor->log2_chroma_w;
  planes.chroma_shift_y = descriptor->log2_chroma_h;
  planes.grey = format == AV_PIX_FMT_GRAY8;
  for (std::size_t i = 0; i < 3; ++i) {
    planes.data[i] = picture.data[i];
    planes.stride[i] = picture.linesize[i];
  }
  if (format == AV_PIX_FMT_NV12) split_interleaved(picture, planes);
  const Colour colour = colour_of(picture);
  if (colour != jfif_colour && !planes.grey) convert(planes, colour);
  return planes;
}

void JfifPlanes::split_interleaved(const AVFrame& picture, PlaneView& planes) {
  const auto width = static_cast<std::size_t>(planes.chroma_width());
  const auto height = static_cast<std::size_t>(planes.chroma_height());
  split_.resize(2 * width * height);
  for (std::size_t y = 0; y < height; ++y) {
    const std::uint8_t* in = picture.data[1] + static_cast<std::ptrdiff_t>(y) * picture.linesize[1];
    std::uint8_t* cb = split_.data() + y * width;
    std::uint8_t* cr = cb + width * height;
    for (std::size_t x = 0; x < width; ++x) {
      cb[x] = in[2 * x];
      cr[x] = in[2 * x + 1];
    }
  }
  planes.data = {planes.data[0], split_.data(), split_.data() + width * height};
  planes.stride = {planes.stride[0], planes.chroma_width(), planes.chroma_width()};
}

void JfifPlanes::convert(PlaneView& planes, Colour from) {
  const Conversion c = conversion_from(from);
  const auto luma_size = static_cast<std::size_t>(planes.width) * static_cast<std::size_t>(planes.height);
  const auto chroma_size =
      static_cast<std::size_t>(planes.chroma_width()) * static_cast<std::size_t>(planes.chroma_height());
  converted_.resize(luma_size + 2 * chroma_size);
  luma_shift_.resize(static_cast<std::size_t>(planes.chroma_width()));
  std::uint8_t* const luma = converted_.data();
  std::uint8_t* const cb = luma + luma_size;
  std::uint8_t* const cr = cb + chroma_size;
  const auto in = [&planes](std::size_t plane, int y) {
    return planes.data[plane] + std::ptrdiff_t{y} * planes.stride[plane];
  };
  for (int y = 0; y < planes.height; ++y) {
    const int chroma_y = y >> planes.chroma_shift_y;
    const std::ptrdiff_t chroma_row = std::ptrdiff_t{chroma_y} * planes.chroma_width();
    if (y == chroma_y << planes.chroma_shift_y)
      convert_chroma_row(c, {in(1, chroma_y), cb + chroma_row}, {in(2, chroma_y), cr + chroma_row},
                         planes.chroma_width(), luma_shift_.data());
    convert_luma_row(c, {in(0, y), luma + std::ptrdiff_t{y} * planes.width}, planes.width, luma_shift_.data(),
                     planes.chroma_shift_x);
  }
  planes.data = {luma, cb, cr};
  planes.stride = {planes.width, planes.chroma_width(), planes.chroma_width()};
}

}  // namespace porchlight::media
