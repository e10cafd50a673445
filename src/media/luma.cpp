// SPDX-License-Identifier: Apache-2.0
#include "porchlight/media/luma.hpp"

#include <algorithm>
#include <cstring>

extern "C" {
#include <libavutil/frame.h>
#include <libavutil/pixdesc.h>
}

namespace porchlight::media {
namespace {

bool has_luma_plane(const AVFrame& picture) {
  const AVPixFmtDescriptor* format = av_pix_fmt_desc_get(static_cast<AVPixelFormat>(picture.format));
  constexpr auto unfit =
      AV_PIX_FMT_FLAG_RGB | AV_PIX_FMT_FLAG_PAL | AV_PIX_FMT_FLAG_HWACCEL | AV_PIX_FMT_FLAG_BITSTREAM;
  if (format == nullptr || (format->flags & unfit) != 0) return false;
  const AVComponentDescriptor& luma = format->comp[0];
  return luma.plane == 0 && luma.step == 1 && luma.depth == 8 && luma.offset == 0 && luma.shift == 0;
}

struct Rows {
  const std::uint8_t* first;
  std::ptrdiff_t stride;
  const std::uint8_t* row(int y) const { return first + y * stride; }
};

// The frequent one (a sub-stream of 640 × 360).
void halve(const Rows& from, Image& plane) {
  for (int y = 0; y < plane.height; ++y) {
    const std::uint8_t* above = from.row(2 * y);
    const std::uint8_t* below = from.row(2 * y + 1);
    std::uint8_t* out = plane.pixels.data() + static_cast<std::size_t>(y) * plane.stride;
    for (int x = 0; x < plane.width; ++x)
      out[x] = static_cast<std::uint8_t>(
          (above[2 * x] + above[2 * x + 1] + below[2 * x] + below[2 * x + 1] + 2) >> 2);
  }
}

// `sums` has a place for each column that is used. A column's sum fits: by is at most 255.
void reduce(const Rows& from, int by, Image& plane) {
  std::vector<std::uint16_t> sums(static_cast<std::size_t>(plane.width * by));
  const auto used = plane.width * by;
  const auto samples = static_cast<std::uint32_t>(by * by);
  for (int y = 0; y < plane.height; ++y) {
    std::fill(sums.begin(), sums.end(), std::uint16_t{0});
    for (int line = 0; line < by; ++line) {
      const std::uint8_t* row = from.row(y * by + line);
      for (int x = 0; x < used; ++x)
        sums[static_cast<std::size_t>(x)] =
            static_cast<std::uint16_t>(sums[static_cast<std::size_t>(x)] + row[x]);
    }
    std::uint8_t* out = plane.pixels.data() + static_cast<std::size_t>(y) * plane.stride;
    const std::uint16_t* column = sums.data();
    for (int x = 0; x < plane.width; ++x) {
      std::uint32_t sum = samples / 2;
      for (int i = 0; i < by; ++i) sum += *column++;
      out[x] = static_cast<std::uint8_t>(sum / samples);
    }
  }
}

}  // namespace

Status LumaReader::read(const Frame& frame, int most_width, int most_height, Image& plane) {
  if (!frame.picture || frame.width <= 0 || frame.height <= 0 || most_width <= 0 || most_height <= 0)
    return Error(ErrorCode::invalid_argument, "read luma: empty");
  const int by = std::clamp(
      std::max((frame.width + most_width - 1) / most_width, (frame.height + most_height - 1) / most_height),
      1, 255);
  const int width = std::min(most_width, std::max(1, frame.width / by));
  const int height = std::min(most_height, std::max(1, frame.height / by));
  if (!has_luma_plane(*frame.picture) || frame.width < width * by || frame.height < height * by) {
    auto scaled = scaler_.scale(frame, width, height, plane);
    return scaled ? Status() : Status(std::move(scaled).error());
  }
  plane.width = width;
  plane.height = height;
  plane.channels = 1;
  plane.stride = static_cast<std::size_t>(width);
  plane.pixels.resize(plane.stride * static_cast<std::size_t>(height));
  const Rows rows{frame.picture->data[0], frame.picture->linesize[0]};
  if (by == 2)
    halve(rows, plane);
  else
    reduce(rows, by, plane);
  return {};
}

}  // namespace porchlight::media
