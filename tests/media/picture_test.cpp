// SPDX-License-Identifier: Apache-2.0
#include "porchlight/media/picture.hpp"

#include <gtest/gtest.h>

#include <cstring>

#include "clip.hpp"

extern "C" {
#include <libavutil/frame.h>
#include <libavutil/pixfmt.h>
}

namespace porchlight::media {
namespace {

// A picture of one colour, given by its coded numbers.
Frame flat(std::uint8_t luma, std::uint8_t cb, std::uint8_t cr, AVColorSpace matrix, AVColorRange range,
           int width = 64, int height = 48) {
  AvFrame picture = test::make_picture(AV_PIX_FMT_YUV420P, width, height);
  std::memset(picture->data[0], luma, static_cast<std::size_t>(picture->linesize[0] * height));
  std::memset(picture->data[1], cb, static_cast<std::size_t>(picture->linesize[1] * height / 2));
  std::memset(picture->data[2], cr, static_cast<std::size_t>(picture->linesize[2] * height / 2));
  picture->colorspace = matrix;
  picture->color_range = range;
  return test::as_frame(std::move(picture));
}

void expect_colour(const Frame& frame, int red, int green, int blue) {
  Scaler scaler(PixelLayout::rgb);
  Image image;
  ASSERT_TRUE(scaler.scale(frame, 20, 10, image).ok());
  const std::uint8_t* middle = image.pixels.data() + 5 * image.stride + 10 * 3;
  EXPECT_NEAR(middle[0], red, 3);
  EXPECT_NEAR(middle[1], green, 3);
  EXPECT_NEAR(middle[2], blue, 3);
}

// The numbers are those of ITU-R BT.601 and BT.709 for pure red.
TEST(Scaler, HonoursMatrixAndRange) {
  expect_colour(flat(81, 90, 240, AVCOL_SPC_BT470BG, AVCOL_RANGE_MPEG), 255, 0, 0);
  expect_colour(flat(63, 102, 240, AVCOL_SPC_BT709, AVCOL_RANGE_MPEG), 255, 0, 0);
  expect_colour(flat(76, 85, 255, AVCOL_SPC_BT470BG, AVCOL_RANGE_JPEG), 255, 0, 0);
}

TEST(Scaler, GuessesTheMatrixByHeightWhenTheStreamDoesNotSay) {
  expect_colour(flat(81, 90, 240, AVCOL_SPC_UNSPECIFIED, AVCOL_RANGE_UNSPECIFIED, 640, 480), 255, 0, 0);
  expect_colour(flat(63, 102, 240, AVCOL_SPC_UNSPECIFIED, AVCOL_RANGE_UNSPECIFIED, 1280, 720), 255, 0, 0);
}

TEST(Scaler, GreyIsFullRange) {
  Scaler scaler(PixelLayout::grey);
  Image image;
  for (const auto& [coded, shown] : {std::pair{16, 0}, {235, 255}, {126, 128}}) {
    ASSERT_TRUE(
        scaler
            .scale(flat(static_cast<std::uint8_t>(coded), 128, 128, AVCOL_SPC_BT709, AVCOL_RANGE_MPEG), 8, 8,
                   image)
            .ok());
    EXPECT_EQ(image.channels, 1);
    EXPECT_EQ(image.pixels.size(), 64U);
    EXPECT_NEAR(image.pixels[27], shown, 2);
  }
}

TEST(Scaler, SwapsRedAndBlueForBgr) {
  Scaler scaler(PixelLayout::bgr);
  Image image;
  ASSERT_TRUE(scaler.scale(flat(81, 90, 240, AVCOL_SPC_BT470BG, AVCOL_RANGE_MPEG), 4, 4, image).ok());
  EXPECT_NEAR(image.pixels[0], 0, 3);
  EXPECT_NEAR(image.pixels[2], 255, 3);
}

// Left half black, right half white; the region says which half comes out.
TEST(Scaler, TakesTheRegionAsked) {
  AvFrame picture = test::make_picture(AV_PIX_FMT_YUV420P, 128, 64);
  for (int y = 0; y < 64; ++y) {
    std::memset(picture->data[0] + y * picture->linesize[0], 16, 64);
    std::memset(picture->data[0] + y * picture->linesize[0] + 64, 235, 64);
  }
  const Frame frame = test::as_frame(std::move(picture));
  Scaler scaler(PixelLayout::grey);
  Image image;
  ASSERT_TRUE(scaler.scale(frame, 16, 16, image, Region{0, 0, 60, 64}).ok());
  EXPECT_LT(image.pixels[100], 4);
  const auto taken = scaler.scale(frame, 16, 16, image, Region{69, 5, 500, 500});
  ASSERT_TRUE(taken.ok());
  EXPECT_GT(image.pixels[100], 251);
  EXPECT_EQ(taken->x, 68);
  EXPECT_EQ(taken->y, 4);
  EXPECT_EQ(taken->width, 60);
  EXPECT_EQ(taken->height, 60);
}

TEST(Scaler, TakesTheSameRegionOfEveryLayout) {
  for (const int format : {AV_PIX_FMT_YUV420P, AV_PIX_FMT_NV12, AV_PIX_FMT_YUV422P, AV_PIX_FMT_YUV444P}) {
    Scaler scaler(PixelLayout::rgb);
    Image whole;
    Image part;
    const Frame frame = test::as_frame(test::make_picture(format, 128, 96));
    ASSERT_TRUE(scaler.scale(frame, 128, 96, whole).ok());
    ASSERT_TRUE(scaler.scale(frame, 64, 48, part, Region{32, 24, 64, 48}).ok());
    for (int y = 8; y < 40; ++y)
      for (std::size_t x = 24; x < 168; ++x)
        ASSERT_NEAR(part.pixels[static_cast<std::size_t>(y) * part.stride + x],
                    whole.pixels[static_cast<std::size_t>(y + 24) * whole.stride + 96 + x], 4)
            << "format " << format;
  }
}

TEST(Scaler, RefusesARegionOutside) {
  Scaler scaler(PixelLayout::bgr);
  Image image;
  const Frame frame = flat(81, 90, 240, AVCOL_SPC_BT470BG, AVCOL_RANGE_MPEG);
  EXPECT_EQ(scaler.scale(frame, 8, 8, image, Region{64, 0, 10, 10}).error().code(),
            ErrorCode::invalid_argument);
  EXPECT_EQ(scaler.scale(frame, 0, 8, image).error().code(), ErrorCode::invalid_argument);
  EXPECT_EQ(scaler.scale(Frame{}, 8, 8, image).error().code(), ErrorCode::invalid_argument);
}

}  // namespace
}  // namespace porchlight::media
