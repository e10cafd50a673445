// SPDX-License-Identifier: Apache-2.0
// What somebody else sees in a JPEG, and how far it is from the picture that was encoded.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <utility>
#include <vector>

#include "clip.hpp"
#include "porchlight/media/picture.hpp"

extern "C" {
#include <libavcodec/avcodec.h>
}

namespace porchlight::media::test {

// Another implementation reads what turbojpeg wrote.
inline Frame read_jpeg(const std::vector<std::uint8_t>& bytes) {
  AvCodec decoder(avcodec_alloc_context3(avcodec_find_decoder(AV_CODEC_ID_MJPEG)));
  EXPECT_GE(avcodec_open2(decoder.get(), nullptr, nullptr), 0);
  AvPacket packet = make_av_packet();
  EXPECT_GE(av_new_packet(packet.get(), static_cast<int>(bytes.size())), 0);
  std::copy(bytes.begin(), bytes.end(), packet->data);
  EXPECT_GE(avcodec_send_packet(decoder.get(), packet.get()), 0);
  AvFrame picture = make_av_frame();
  EXPECT_GE(avcodec_receive_frame(decoder.get(), picture.get()), 0);
  return as_frame(std::move(picture));
}

// Of the colours people see, so that a wrong range or matrix counts as the error it is.
inline double psnr(const Frame& a, const Frame& b, int width, int height) {
  Image left;
  Image right;
  EXPECT_TRUE(Scaler(PixelLayout::rgb).scale(a, width, height, left).ok());
  EXPECT_TRUE(Scaler(PixelLayout::rgb).scale(b, width, height, right).ok());
  double sum = 0;
  for (std::size_t i = 0; i < left.pixels.size(); ++i)
    sum += std::pow(double{1} * left.pixels[i] - right.pixels[i], 2);
  return 10 * std::log10(255 * 255 / (sum / static_cast<double>(left.pixels.size()) + 1e-9));
}

}  // namespace porchlight::media::test
