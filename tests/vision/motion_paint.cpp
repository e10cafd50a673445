// SPDX-License-Identifier: Apache-2.0
#include "vision/motion_paint.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>

#include "porchlight/media/av.hpp"

extern "C" {
#include <libavutil/frame.h>
}

namespace porchlight::vision::test {
namespace {

// Another number for each sample of each picture.
int noise_at(int x, int y, double t) {
  auto bits = static_cast<std::uint32_t>(x) * 73'856'093U ^ static_cast<std::uint32_t>(y) * 19'349'663U ^
              static_cast<std::uint32_t>(std::lround(t * 10)) * 83'492'791U;
  bits = (bits ^ bits >> 13) * 0x5BD1E995U;
  return static_cast<int>((bits ^ bits >> 15) % 5) - 2;
}

}  // namespace

int stripes(int x, int y, double t) {
  return 100 + 40 * ((x / 3 + y / 5) % 2) + noise_at(x, y, t);
}

int black(int /*x*/, int /*y*/, double /*t*/) {
  return 16;
}

Scene box(std::function<double(double)> left, Scene behind) {
  return [left = std::move(left), behind = std::move(behind)](int x, int y, double t) {
    const auto from = std::lround(left(t));
    return x >= from && x < from + 32 && y >= 80 && y < 144 ? 30 : behind(x, y, t);
  };
}

media::FramePtr painted(const Scene& scene, double t, bool keyframe, int width, int height) {
  AVFrame* picture = av_frame_alloc();
  picture->format = AV_PIX_FMT_YUV420P;
  picture->width = width;
  picture->height = height;
  av_frame_get_buffer(picture, 0);
  for (int y = 0; y < height; ++y)
    for (int x = 0; x < width; ++x)
      picture->data[0][y * picture->linesize[0] + x] =
          static_cast<std::uint8_t>(std::clamp(scene(x, y, t), 0, 255));
  for (const int plane : {1, 2})
    std::fill_n(picture->data[plane], picture->linesize[plane] * (height / 2), std::uint8_t{128});
  auto frame = std::make_shared<media::Frame>();
  frame->picture = std::shared_ptr<const AVFrame>(
      picture, [](const AVFrame* one) { media::AvDeleter{}(const_cast<AVFrame*>(one)); });
  frame->width = width;
  frame->height = height;
  frame->keyframe = keyframe;
  frame->arrived =
      MonotonicTime{std::chrono::seconds(1000) + std::chrono::milliseconds(std::lround(t * 1000))};
  return frame;
}

std::vector<media::FramePtr> film(const Scene& scene, double from, double until) {
  std::vector<media::FramePtr> frames;
  const auto last = std::lround(until * 10);
  for (auto i = std::lround(from * 10); i < last; ++i)
    frames.push_back(painted(scene, static_cast<double>(i) / 10, i % 20 == 0));
  return frames;
}

}  // namespace porchlight::vision::test
