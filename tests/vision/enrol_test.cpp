// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <turbojpeg.h>

#include "porchlight/media/photo.hpp"
#include "vision/pictures.hpp"

namespace porchlight::vision {
namespace {

std::filesystem::path file(const std::string& name) {
  return testing::TempDir() + "enrol_" + name;
}

std::filesystem::path saved(const std::string& name, const std::vector<std::uint8_t>& bytes) {
  write_file(file(name), bytes);
  return file(name);
}

TEST(Enrol, APhotographOfOnePersonIsTaken) {
  PORCHLIGHT_NEEDS_ENGINE(engine);
  const auto enrolment = engine->enrol_photo(saved("one.jpg", jpeg(visitor_enrolled())));
  ASSERT_TRUE(enrolment.ok()) << enrolment.error().text();
  EXPECT_GT(overlap(enrolment->box, {284, 215, 215, 213}), 0.6F);
  EXPECT_GT(enrolment->quality, 0.2F);
  EXPECT_EQ(enrolment->photo_sha256.size(), 64U);
}

TEST(Enrol, RefusesAPictureWithoutAFace) {
  PORCHLIGHT_NEEDS_ENGINE(engine);
  const auto refused = engine->enrol_photo(saved("texture.jpg", jpeg(texture(640, 480))));
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code(), ErrorCode::not_found);
  EXPECT_NE(refused.error().text().find("no face"), std::string::npos);
}

TEST(Enrol, RefusesTwoFacesOfComparableSize) {
  PORCHLIGHT_NEEDS_ENGINE(engine);
  const auto refused = engine->enrol_photo(saved("two.jpg", jpeg(crop(sample(1), 330, 250, 800, 600))));
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code(), ErrorCode::already_exists);
  EXPECT_NE(refused.error().text().find("two faces"), std::string::npos) << refused.error().text();
}

TEST(Enrol, TakesTheLargeFaceBeforeASmallOneInTheBackground) {
  PORCHLIGHT_NEEDS_ENGINE(engine);
  auto picture = blank(1000, 680, 90);
  paste(visitor_enrolled(), picture, 0, 0);
  paste(resized(stranger(), 180, 180), picture, 760, 250);
  const auto enrolment = engine->enrol_photo(saved("background.jpg", jpeg(picture)));
  ASSERT_TRUE(enrolment.ok()) << enrolment.error().text();
  EXPECT_LT(enrolment->box.x, 600);
}

TEST(Enrol, RefusesAFaceThatIsTooSmall) {
  FaceOptions options;
  options.min_size = 300;
  const auto engine = engine_or_skip(options);
  if (!engine) GTEST_SKIP() << "no face models";
  const auto refused = engine->enrol_photo(saved("small.jpg", jpeg(visitor_enrolled())));
  ASSERT_TRUE(refused.ok()) << refused.error().text();
  ASSERT_TRUE(refused->refused);
  EXPECT_EQ(refused->refused->reason, event::Refusal::too_small);
  EXPECT_NE(refused->refused->words.find("needed are 300"), std::string::npos) << refused->refused->words;
}

TEST(Enrol, RefusalsOfTheFileKeepTheirCodeAndNameTheFile) {
  PORCHLIGHT_NEEDS_ENGINE(engine);
  const auto missing = engine->enrol_photo(file("missing.jpg"));
  ASSERT_FALSE(missing.ok());
  EXPECT_EQ(missing.error().code(), ErrorCode::not_found);
  const auto text = engine->enrol_photo(saved("text.jpg", {'h', 'e', 'l', 'l', 'o'}));
  ASSERT_FALSE(text.ok());
  EXPECT_EQ(text.error().code(), ErrorCode::unsupported);
  EXPECT_NE(text.error().text().find("enrol_text.jpg"), std::string::npos);
}

TEST(Photo, AJpegCutOffAnywhereIsRefused) {
  if (!std::filesystem::exists(sample_path(1))) GTEST_SKIP() << "no sample photographs";
  const auto whole = jpeg(resized(sample(1), 192, 128));
  ASSERT_TRUE(media::decode_photo(whole).ok());
  for (std::size_t size = 0; size < whole.size(); size += size < 700 || size + 80 > whole.size() ? 1 : 37) {
    const auto photo = media::decode_photo(std::span(whole).first(size));
    ASSERT_FALSE(photo.ok()) << "accepted with " << size << " of " << whole.size() << " bytes";
    EXPECT_TRUE(photo.error().code() == ErrorCode::corrupt ||
                (size < 3 && photo.error().code() == ErrorCode::unsupported));
  }
}

TEST(Photo, AHeaderThatPromisesMonstrousPixelsIsRefusedBeforeAnythingIsAllocated) {
  auto bomb = jpeg(blank(64, 64, 10));
  for (std::size_t i = 0; i + 8 < bomb.size(); ++i) {
    if (bomb[i] != 0xff || bomb[i + 1] != 0xc0) continue;
    bomb[i + 5] = 0x27, bomb[i + 6] = 0x10;  // 10000 lines
    bomb[i + 7] = 0x27, bomb[i + 8] = 0x10;  // of 10000 pixels
    break;
  }
  const auto refused = media::decode_photo(bomb);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code(), ErrorCode::resource);
  EXPECT_NE(refused.error().text().find("monstrous"), std::string::npos);
}

TEST(Photo, AFileOfTooManyBytesIsRefused) {
  const auto path = saved("long.jpg", std::vector<std::uint8_t>(2000, 0xff));
  media::PhotoLimits limits;
  limits.bytes = 1000;
  const auto refused = media::read_photo(path, limits);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code(), ErrorCode::resource);
}

std::vector<std::uint8_t> progressive(const media::Image& image) {
  auto* turbo = tjInitCompress();
  unsigned char* data = nullptr;
  unsigned long size = 0;
  EXPECT_EQ(tjCompress2(turbo, image.pixels.data(), image.width, 0, image.height, TJPF_BGR, &data, &size,
                        TJSAMP_444, 80, TJFLAG_PROGRESSIVE),
            0);
  std::vector<std::uint8_t> file(data, data + size);
  tjFree(data);
  tjDestroy(turbo);
  return file;
}

TEST(Photo, ALargeOneComesBackReducedByAWholeNumber) {
  auto picture = blank(800, 400, 230);
  paste(blank(400, 400, 20), picture, 0, 0);
  media::PhotoLimits limits;
  limits.kept_pixels = 80'000;
  const auto half = media::decode_photo(jpeg(picture), limits);
  ASSERT_TRUE(half.ok()) << half.error().text();
  EXPECT_EQ(half->width, 400);
  EXPECT_EQ(half->height, 200);
  EXPECT_LT(half->pixels[static_cast<std::size_t>(100) * half->stride + 30], 60);
  EXPECT_GT(half->pixels[static_cast<std::size_t>(100) * half->stride + 390 * 3], 180);
  limits.kept_pixels = 79'999;
  EXPECT_EQ(media::decode_photo(jpeg(picture), limits)->width, 200);
  limits.kept_pixels = 320'000;
  EXPECT_EQ(media::decode_photo(jpeg(picture), limits)->width, 800);
}

TEST(Photo, AProgressiveJpegHasLimitsOfItsOwn) {
  const auto picture = texture(640, 480);
  const auto file = progressive(picture);
  ASSERT_TRUE(media::decode_photo(file).ok());
  media::PhotoLimits limits;
  limits.progressive_pixels = 640 * 480 - 1;
  EXPECT_EQ(media::decode_photo(file, limits).error().code(), ErrorCode::resource);
  EXPECT_TRUE(media::decode_photo(jpeg(picture), limits).ok()) << "one pass needs no memory for the others";
  auto many = file;
  const std::vector<std::uint8_t> pass = {0xff, 0xda, 0, 8, 1, 1, 0, 0, 63, 0};
  for (int i = 0; i < 100; ++i) many.insert(many.end() - 2, pass.begin(), pass.end());
  const auto refused = media::decode_photo(many);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code(), ErrorCode::resource);
  EXPECT_NE(refused.error().text().find("passes"), std::string::npos) << refused.error().text();
}

TEST(Photo, APreviewInItsMetadataIsNoPass) {
  // A segment of the application's with marker bytes in it, as a camera's preview has them.
  auto file = jpeg(texture(320, 240));
  std::vector<std::uint8_t> preview = {0xff, 0xe2, 0x03, 0xea};
  for (int i = 0; i < 500; ++i) preview.insert(preview.end(), {0xff, 0xda});
  file.insert(file.begin() + 2, preview.begin(), preview.end());
  media::PhotoLimits limits;
  limits.progressive_pixels = 10;
  EXPECT_TRUE(media::decode_photo(file, limits).ok());
}

TEST(Enrol, AStripOfAPictureGetsNoBorderOfItsLength) {
  PORCHLIGHT_NEEDS_ENGINE(engine);
  const auto shot = engine->largest_shot(blank(20'000, 40, 90));
  ASSERT_TRUE(shot.ok()) << shot.error().text();
  EXPECT_FALSE(shot->has_value());
  EXPECT_TRUE(engine->largest_shot(blank(1, 1, 90)).ok());
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  EXPECT_LT(usage.ru_maxrss, 1'000'000) << "KiB; the border alone would be 1.3 GB";
}

// A picture whose left half is dark, stored under an orientation tag.
std::vector<std::uint8_t> with_orientation(std::uint8_t orientation) {
  auto picture = blank(64, 32, 230);
  paste(blank(32, 32, 20), picture, 0, 0);
  const auto plain = jpeg(picture);
  const std::vector<std::uint8_t> exif = {0xff, 0xe1, 0, 34, 'E',         'x', 'i', 'f', 0,    0,    'I', 'I',
                                          42,   0,    8, 0,  0,           0,   1,   0,   0x12, 0x01, 3,   0,
                                          1,    0,    0, 0,  orientation, 0,   0,   0,   0,    0,    0,   0};
  std::vector<std::uint8_t> tagged(plain.begin(), plain.begin() + 2);
  tagged.insert(tagged.end(), exif.begin(), exif.end());
  tagged.insert(tagged.end(), plain.begin() + 2, plain.end());
  return tagged;
}

TEST(Photo, ExifOrientationTurnsThePictureUpright) {
  const auto grey_at = [](const media::Image& image, int x, int y) {
    return image.pixels[static_cast<std::size_t>(y) * image.stride + static_cast<std::size_t>(x) * 3];
  };
  const auto plain = media::decode_photo(with_orientation(1));
  ASSERT_TRUE(plain.ok());
  EXPECT_EQ(plain->width, 64);
  EXPECT_LT(grey_at(*plain, 4, 16), 60);
  const auto half_turn = media::decode_photo(with_orientation(3));
  EXPECT_GT(grey_at(*half_turn, 4, 16), 180);
  const auto clockwise = media::decode_photo(with_orientation(6));
  EXPECT_EQ(clockwise->width, 32);
  EXPECT_EQ(clockwise->height, 64);
  EXPECT_LT(grey_at(*clockwise, 16, 4), 60) << "what was left is on top";
  const auto counter_clockwise = media::decode_photo(with_orientation(8));
  EXPECT_GT(grey_at(*counter_clockwise, 16, 4), 180);
  EXPECT_TRUE(media::decode_photo(with_orientation(77)).ok()) << "odd metadata is no reason to refuse";
}

}  // namespace
}  // namespace porchlight::vision
