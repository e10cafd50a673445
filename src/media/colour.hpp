// SPDX-License-Identifier: Apache-2.0
#pragma once

extern "C" {
#include <libavutil/frame.h>
#include <libavutil/pixfmt.h>
}

struct SwsContext;

namespace porchlight::media {

// What a picture's numbers mean.
struct Colour {
  bool full_range = false;
  bool bt709 = false;
  bool operator==(const Colour&) const = default;
};
inline constexpr Colour jfif_colour{.full_range = true, .bt709 = false};

// As the stream says; where it does not: BT.709 from 720 lines up, else BT.601, limited range.
Colour colour_of(const AVFrame& picture);

// libav's deprecated YUVJ formats say the range in the format: the same layout without it.
AVPixelFormat plain_format(AVPixelFormat format);

// Tells swscale both meanings. RGB is full range whatever is said.
void set_colours(SwsContext* context, Colour from, Colour to);

}  // namespace porchlight::media
