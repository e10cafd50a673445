// SPDX-License-Identifier: Apache-2.0
#include "colour.hpp"

extern "C" {
#include <libswscale/swscale.h>
}

namespace porchlight::media {

AVPixelFormat plain_format(AVPixelFormat format) {
  switch (format) {
    case AV_PIX_FMT_YUVJ420P:
      return AV_PIX_FMT_YUV420P;
    case AV_PIX_FMT_YUVJ422P:
      return AV_PIX_FMT_YUV422P;
    case AV_PIX_FMT_YUVJ444P:
      return AV_PIX_FMT_YUV444P;
    default:
      return format;
  }
}

Colour colour_of(const AVFrame& picture) {
  const auto format = static_cast<AVPixelFormat>(picture.format);
  Colour colour;
  colour.full_range = picture.color_range == AVCOL_RANGE_JPEG || plain_format(format) != format;
  colour.bt709 = picture.colorspace == AVCOL_SPC_BT709 ||
                 (picture.colorspace == AVCOL_SPC_UNSPECIFIED && picture.height >= 720 && !colour.full_range);
  return colour;
}

void set_colours(SwsContext* context, Colour from, Colour to) {
  constexpr int unity = 1 << 16;
  const auto matrix = [](Colour c) { return sws_getCoefficients(c.bt709 ? SWS_CS_ITU709 : SWS_CS_ITU601); };
  sws_setColorspaceDetails(context, matrix(from), from.full_range ? 1 : 0, matrix(to), to.full_range ? 1 : 0,
                           0, unity, unity);
}

}  // namespace porchlight::media
