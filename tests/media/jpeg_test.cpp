// SPDX-License-Identifier: Apache-2.0
#include "porchlight/media/jpeg.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <tuple>

#include "clip.hpp"
#include "jpeg_seen.hpp"
#include "porchlight/media/picture.hpp"

extern "C" {
#include <libavutil/pixdesc.h>
}

namespace porchlight::media {
namespace {

using test::psnr;
using test::read_jpeg;

using Meaning = std::tuple<AVPixelFormat, AVColorSpace, AVColorRange>;
class JpegOf : public testing::TestWithParam<Meaning> {};

TEST_P(JpegOf, LooksLikeThePicture) {
  const auto [format, matrix, range] = GetParam();
  AvFrame picture = test::make_picture(format, 642, 362);
  picture->colorspace = matrix;
  picture->color_range = range;
  const Frame frame = test::as_frame(std::move(picture));
  auto encoder = JpegEncoder::create({.quality = 92}).value();
  const auto jpeg = encoder.encode(frame);
  ASSERT_TRUE(jpeg.ok()) << jpeg.error().text();
  const Frame seen = read_jpeg(*jpeg);
  EXPECT_EQ(seen.width, 642);
  EXPECT_EQ(seen.height, 362);
  EXPECT_GT(psnr(frame, seen, 642, 362), 35);
}

INSTANTIATE_TEST_SUITE_P(All, JpegOf,
                         testing::Combine(testing::Values(AV_PIX_FMT_YUV420P, AV_PIX_FMT_NV12,
                                                          AV_PIX_FMT_YUV422P, AV_PIX_FMT_YUV444P),
                                          testing::Values(AVCOL_SPC_BT470BG, AVCOL_SPC_BT709),
                                          testing::Values(AVCOL_RANGE_MPEG, AVCOL_RANGE_JPEG)),
                         [](const testing::TestParamInfo<Meaning>& meaning) {
                           return std::string(av_get_pix_fmt_name(std::get<0>(meaning.param))) +
                                  (std::get<1>(meaning.param) == AVCOL_SPC_BT709 ? "_709" : "_601") +
                                  (std::get<2>(meaning.param) == AVCOL_RANGE_JPEG ? "_full" : "_limited");
                         });

TEST(JpegEncoder, TakesOtherFormatsThroughSwscale) {
  auto encoder = JpegEncoder::create({.quality = 92}).value();
  for (const int format : {AV_PIX_FMT_RGB24, AV_PIX_FMT_YUVJ420P, AV_PIX_FMT_YUV411P}) {
    const Frame frame = test::as_frame(test::make_picture(format, 320, 240));
    const auto jpeg = encoder.encode(frame);
    ASSERT_TRUE(jpeg.ok()) << jpeg.error().text();
    EXPECT_GT(psnr(frame, read_jpeg(*jpeg), 320, 240), 35) << av_get_pix_fmt_name(AVPixelFormat(format));
  }
}

TEST(JpegEncoder, ScalesDownToTheWidestAllowedAndNeverUp) {
  const Frame frame = test::as_frame(test::make_picture(AV_PIX_FMT_YUV420P, 1280, 720));
  auto narrow = JpegEncoder::create({.quality = 92, .max_width = 640}).value();
  const auto small = narrow.encode(frame);
  ASSERT_TRUE(small.ok());
  const Frame seen = read_jpeg(*small);
  EXPECT_EQ(seen.width, 640);
  EXPECT_EQ(seen.height, 360);
  EXPECT_GT(psnr(frame, seen, 640, 360), 35);
  auto wide = JpegEncoder::create({.max_width = 4000}).value();
  EXPECT_EQ(read_jpeg(wide.encode(frame).value()).width, 1280);
}

TEST(JpegEncoder, EncodesOddSizes) {
  auto encoder = JpegEncoder::create({.quality = 92}).value();
  for (const auto& [width, height] : {std::pair{641, 361}, {17, 9}, {1, 1}}) {
    const Frame frame = test::as_frame(test::make_picture(AV_PIX_FMT_YUV420P, width, height));
    const Frame seen = read_jpeg(encoder.encode(frame).value());
    EXPECT_EQ(seen.width, width);
    EXPECT_EQ(seen.height, height);
  }
}

TEST(JpegEncoder, SpendsMoreBytesOnMoreQuality) {
  const Frame frame = test::as_frame(test::make_picture(AV_PIX_FMT_YUV420P, 640, 360));
  const auto size = [&frame](int quality) {
    return JpegEncoder::create({.quality = quality}).value().encode(frame).value().size();
  };
  EXPECT_LT(size(30), size(95));
}

TEST(JpegEncoder, RefusesNonsense) {
  EXPECT_EQ(JpegEncoder::create({.quality = 0}).error().code(), ErrorCode::invalid_argument);
  EXPECT_EQ(JpegEncoder::create({.quality = 101}).error().code(), ErrorCode::invalid_argument);
  EXPECT_EQ(JpegEncoder::create().value().encode(Frame{}).error().code(), ErrorCode::invalid_argument);
}

}  // namespace
}  // namespace porchlight::media
