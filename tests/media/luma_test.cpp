// SPDX-License-Identifier: Apache-2.0
#include "porchlight/media/luma.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "media/clip.hpp"

extern "C" {
#include <libavutil/frame.h>
#include <libavutil/pixfmt.h>
}

namespace porchlight::media {
namespace {

using test::as_frame;
using test::make_picture;

// The mean of a block, rounded as a whole number's division is.
int mean_of(const AVFrame& picture, int left, int top, int side) {
  int sum = side * side / 2;
  for (int y = top; y < top + side; ++y)
    for (int x = left; x < left + side; ++x) sum += picture.data[0][y * picture.linesize[0] + x];
  return sum / (side * side);
}

void expect_blocks(int format, int width, int height, int side) {
  const auto frame = as_frame(make_picture(format, width, height));
  Image plane;
  ASSERT_TRUE(LumaReader().read(frame, 320, 180, plane));
  ASSERT_EQ(plane.width, width / side);
  ASSERT_EQ(plane.height, height / side);
  ASSERT_EQ(plane.channels, 1);
  for (int y = 0; y < plane.height; ++y)
    for (int x = 0; x < plane.width; ++x)
      ASSERT_EQ(plane.pixels[static_cast<std::size_t>(y) * plane.stride + static_cast<std::size_t>(x)],
                mean_of(*frame.picture, x * side, y * side, side))
          << width << 'x' << height << " at " << x << ',' << y;
}

TEST(Luma, IsReducedToMeansOfBlocks) {
  expect_blocks(AV_PIX_FMT_YUV420P, 640, 360, 2);
  expect_blocks(AV_PIX_FMT_YUV420P, 320, 180, 1);
  expect_blocks(AV_PIX_FMT_YUV420P, 1280, 720, 4);
  expect_blocks(AV_PIX_FMT_YUV420P, 1920, 1080, 6);
  expect_blocks(AV_PIX_FMT_NV12, 642, 362, 3);
  expect_blocks(AV_PIX_FMT_YUVJ422P, 704, 576, 4);
}

TEST(Luma, SmallPicturesStayAsTheyAre) {
  expect_blocks(AV_PIX_FMT_YUV420P, 16, 16, 1);
}

TEST(Luma, WhatHasNoLumaPlaneIsConverted) {
  const auto frame = as_frame(make_picture(AV_PIX_FMT_RGB24, 640, 360));
  Image plane;
  ASSERT_TRUE(LumaReader().read(frame, 320, 180, plane));
  EXPECT_EQ(plane.width, 320);
  EXPECT_EQ(plane.height, 180);
  const auto [least, most] = std::minmax_element(plane.pixels.begin(), plane.pixels.end());
  EXPECT_LT(*least, *most);
}

TEST(Luma, NothingIsRefused) {
  Image plane;
  EXPECT_EQ(LumaReader().read(Frame{}, 320, 180, plane).error().code(), ErrorCode::invalid_argument);
}

}  // namespace
}  // namespace porchlight::media
