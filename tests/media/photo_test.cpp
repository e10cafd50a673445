// SPDX-License-Identifier: Apache-2.0
#include "porchlight/media/photo.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <png.h>
#include <turbojpeg.h>

#include <algorithm>
#include <string_view>
#include <vector>

namespace porchlight::media {
namespace {

using namespace std::string_view_literals;
using testing::HasSubstr;
using Bytes = std::vector<std::uint8_t>;

// Grey of one value, as a file.
Bytes jpeg_of(int width, int height, TJPF format = TJPF_BGR, std::uint8_t value = 90) {
  auto* turbo = tjInitCompress();
  unsigned char* data = nullptr;
  unsigned long size = 0;
  const auto samples = static_cast<std::size_t>(tjPixelSize[format]);
  const Bytes pixels(static_cast<std::size_t>(width) * static_cast<std::size_t>(height) * samples, value);
  EXPECT_EQ(tjCompress2(turbo, pixels.data(), width, 0, height, format, &data, &size, TJSAMP_444, 90, 0), 0);
  Bytes file(data, data + size);
  tjFree(data);
  tjDestroy(turbo);
  return file;
}

Bytes png_of(int width, int height, std::uint8_t value = 90) {
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  image.width = static_cast<png_uint_32>(width);
  image.height = static_cast<png_uint_32>(height);
  image.format = PNG_FORMAT_BGR;
  const Bytes pixels(static_cast<std::size_t>(width) * static_cast<std::size_t>(height) * 3, value);
  png_alloc_size_t size = 0;
  EXPECT_NE(png_image_write_to_memory(&image, nullptr, &size, 0, pixels.data(), 0, nullptr), 0);
  Bytes file(size);
  EXPECT_NE(png_image_write_to_memory(&image, file.data(), &size, 0, pixels.data(), 0, nullptr), 0);
  return file;
}

void append_be(Bytes& to, std::uint32_t number) {
  for (int shift = 24; shift >= 0; shift -= 8) to.push_back(static_cast<std::uint8_t>(number >> shift));
}

std::uint32_t crc_of(const Bytes& bytes) {
  std::uint32_t crc = 0xffffffff;
  for (const auto byte : bytes) {
    crc ^= byte;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0xedb88320 : 0);
  }
  return ~crc;
}

Bytes chunk(std::string_view type, const Bytes& data) {
  Bytes named(type.begin(), type.end());
  named.insert(named.end(), data.begin(), data.end());
  Bytes whole;
  append_be(whole, static_cast<std::uint32_t>(data.size()));
  whole.insert(whole.end(), named.begin(), named.end());
  append_be(whole, crc_of(named));
  return whole;
}

constexpr std::size_t png_header_end = 8 + 25;  // signature and IHDR

// The sizes of a PNG's header, with its checksum made right again.
Bytes with_png_size(Bytes file, std::uint32_t width, std::uint32_t height) {
  Bytes header;
  append_be(header, width);
  append_be(header, height);
  header.insert(header.end(), file.begin() + 24, file.begin() + 29);
  const auto ihdr = chunk("IHDR", header);
  std::copy(ihdr.begin(), ihdr.end(), file.begin() + 8);
  return file;
}

Bytes with_jpeg_size(Bytes file, std::uint8_t high, std::uint8_t low) {
  const Bytes marker = {0xff, 0xc0};
  const auto at = std::search(file.begin(), file.end(), marker.begin(), marker.end());
  EXPECT_NE(at, file.end());
  at[5] = at[7] = high;
  at[6] = at[8] = low;
  return file;
}

TEST(Photo, OfOnePixelIsRead) {
  for (const auto& file : {jpeg_of(1, 1), png_of(1, 1)}) {
    const auto photo = decode_photo(file);
    ASSERT_TRUE(photo.ok()) << photo.error().text();
    EXPECT_EQ(photo->width, 1);
    EXPECT_EQ(photo->height, 1);
    EXPECT_NEAR(photo->pixels[0], 90, 3);
  }
}

TEST(Photo, OfTheLargestSizesThatAHeaderCanSayIsRefused) {
  for (const auto& file :
       {with_jpeg_size(jpeg_of(8, 8), 0xff, 0xff), with_png_size(png_of(8, 8), 65'535, 65'535),
        with_png_size(png_of(8, 8), 1'000'000, 1'000'000)}) {
    const auto refused = decode_photo(file);
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code(), ErrorCode::resource) << refused.error().text();
    EXPECT_THAT(refused.error().text(), HasSubstr("monstrous"));
  }
  const auto more = decode_photo(with_png_size(png_of(8, 8), 0x7fffffff, 0x7fffffff));
  ASSERT_FALSE(more.ok());
}

TEST(Photo, ForPrintingIsRefusedWithTheMend) {
  const auto refused = decode_photo(jpeg_of(32, 32, TJPF_CMYK));
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code(), ErrorCode::unsupported);
  EXPECT_THAT(refused.error().text(), HasSubstr("save it as RGB"));
}

TEST(Photo, APngCutOffAnywhereIsRefused) {
  const auto whole = png_of(40, 30);
  ASSERT_TRUE(decode_photo(whole).ok());
  // Without its last chunk, which says nothing, it is whole.
  for (std::size_t size = 0; size + 12 < whole.size(); ++size)
    EXPECT_FALSE(decode_photo(std::span(whole).first(size)).ok())
        << size << " of " << whole.size() << " bytes";
}

// What of an animation is no picture of its own is not looked at.
TEST(Photo, OfAnAnimationTheFirstPictureIsRead) {
  auto file = png_of(16, 16, 40);
  const auto second = png_of(16, 16, 220);
  Bytes control, first_frame, second_frame;
  append_be(control, 2);
  append_be(control, 0);
  for (const std::uint32_t number : {0U, 16U, 16U, 0U, 0U, 0x00010001U}) append_be(first_frame, number);
  first_frame.insert(first_frame.end(), {0, 0});
  append_be(second_frame, 1);
  second_frame.insert(second_frame.end(), second.begin() + png_header_end + 8, second.end() - 12 - 4);
  const auto added = {chunk("acTL", control), chunk("fcTL", first_frame)};
  auto at = static_cast<std::ptrdiff_t>(png_header_end);
  for (const auto& one : added) {
    file.insert(file.begin() + at, one.begin(), one.end());
    at += static_cast<std::ptrdiff_t>(one.size());
  }
  const auto frame = chunk("fdAT", second_frame);
  file.insert(file.end() - 12, frame.begin(), frame.end());
  const auto photo = decode_photo(file);
  ASSERT_TRUE(photo.ok()) << photo.error().text();
  EXPECT_EQ(photo->pixels[0], 40);
}

TEST(Photo, OfAnotherFormatIsNamedAsSuch) {
  for (const auto magic : {"GIF89a\1\0\1\0"sv, "RIFF....WEBPVP8 "sv, "BM......"sv,
                           "\0\0\0\x18"
                           "ftypheic"sv}) {
    const Bytes file(magic.begin(), magic.end());
    const auto refused = decode_photo(file);
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code(), ErrorCode::unsupported);
    EXPECT_THAT(refused.error().text(), HasSubstr("not a JPEG or PNG"));
  }
}

}  // namespace
}  // namespace porchlight::media
