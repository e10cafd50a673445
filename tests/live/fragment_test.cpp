// SPDX-License-Identifier: Apache-2.0
// What the muxer for viewers makes of real streams, read by libavformat and libavcodec.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "live/fragment_maker.hpp"
#include "porchlight/media/track_parameters.hpp"
#include "record/segment_media.hpp"

extern "C" {
#include <libavcodec/packet.h>
#include <libavutil/avutil.h>
}

namespace porchlight::live {
namespace {

using media::test::Headers;
using record::test::Packets;

// As RTP brings them: it says when a picture is shown, and not when it is decoded.
Packets without_decode_times(const Packets& packets) {
  Packets list;
  for (const auto& packet : packets)
    list.push_back(record::test::changed(packet, [](AVPacket& data) { data.dts = AV_NOPTS_VALUE; }));
  return list;
}

class FragmentTest : public testing::Test {
 protected:
  void SetUp() override {
    file =
        std::filesystem::temp_directory_path() / ("porchlight-live-" + std::to_string(::getpid()) + ".mp4");
  }
  void TearDown() override { std::filesystem::remove(file); }

  // All pictures, each with the sound that came before it.
  record::test::Seen shown(const Packets& video, const Packets& audio = {}) {
    PictureDepth depth;
    for (const auto& picture : video) depth.saw(*picture);
    const auto sound = audio.empty() ? nullptr : media::described_sound(*audio.front());
    auto made = FragmentMaker::create(*video.front(), sound, depth.depth());
    EXPECT_TRUE(made.ok()) << (made ? "" : made.error().text());
    if (!made) return {};
    type = (*made)->type();
    std::string bytes = (*made)->head();
    auto next = audio.begin();
    for (const auto& picture : video) {
      Packets beside;
      while (next != audio.end() && (*next)->arrived <= picture->arrived) beside.push_back(*next++);
      auto fragment = (*made)->fragment(*picture, beside);
      EXPECT_TRUE(fragment.ok()) << (fragment ? "" : fragment.error().text());
      if (!fragment) break;
      EXPECT_EQ(fragment->substr(4, 4), "moof");
      EXPECT_EQ(fragment->find("moof", 8), std::string::npos) << "more than one fragment";
      bytes += *fragment;
    }
    record::test::write_file(file, bytes);
    return record::test::see(file);
  }
  static void expect_steady(const record::test::Seen& seen, double step) {
    for (std::size_t i = 1; i < seen.shown.size(); ++i)
      EXPECT_NEAR(seen.shown[i] - seen.shown[i - 1], step, 0.002) << "picture " << i;
  }

  std::filesystem::path file;
  std::string type;
};

TEST_F(FragmentTest, EveryPictureOfH264IsShownInItsOrder) {
  for (const auto headers : {Headers::aside, Headers::in_band}) {
    const auto video = record::test::pictures({.headers = headers});
    ASSERT_TRUE(video);
    const auto seen = shown(*video);
    EXPECT_EQ(seen.error, "");
    EXPECT_EQ(seen.damaged, 0U);
    EXPECT_EQ(seen.numbers, record::test::numbers_up_to(60));
    expect_steady(seen, 1.0 / 30);
    EXPECT_EQ(type.substr(0, 23), "video/mp4; codecs=\"avc1") << type;
  }
}

TEST_F(FragmentTest, BFramesAreShownInTheirOrderWithAndWithoutDecodeTimes) {
  const auto video = record::test::pictures({.b_frames = 3});
  ASSERT_TRUE(video);
  for (const auto& packets : {*video, without_decode_times(*video)}) {
    const auto seen = shown(packets);
    EXPECT_EQ(seen.error, "");
    EXPECT_EQ(seen.damaged, 0U);
    EXPECT_EQ(seen.numbers, record::test::numbers_up_to(60));
    expect_steady(seen, 1.0 / 30);
  }
}

TEST_F(FragmentTest, H265IsCarriedWithItsProfileSaid) {
  const auto video =
      record::test::pictures({.b_frames = 2, .encoder = "libx265", .headers = Headers::in_band});
  if (!video) GTEST_SKIP() << "libavcodec has no libx265 here";
  const auto seen = shown(without_decode_times(*video));
  EXPECT_EQ(seen.error, "");
  EXPECT_EQ(seen.numbers, record::test::numbers_up_to(60));
  expect_steady(seen, 1.0 / 30);
  EXPECT_EQ(type.find("video/mp4; codecs=\"hvc1.1.6.L"), 0U) << type;
}

TEST_F(FragmentTest, SoundLiesBesideThePictures) {
  const auto video = record::test::pictures({});
  ASSERT_TRUE(video);
  for (const auto wrap : {record::test::Wrap::bare, record::test::Wrap::adts}) {
    const auto audio = record::test::sound("aac", 2, wrap);
    ASSERT_TRUE(audio);
    const auto seen = shown(*video, *audio);
    EXPECT_EQ(seen.error, "");
    EXPECT_EQ(seen.numbers, record::test::numbers_up_to(60));
    EXPECT_FALSE(seen.sound_failed);
    EXPECT_GT(seen.sound_lasts, 1.5);
    EXPECT_NE(type.find(",mp4a.40.2"), std::string::npos) << type;
  }
}

TEST_F(FragmentTest, AnotherSizeNeedsAnotherHeadAndTheSameGoesOn) {
  const auto small = record::test::pictures({.headers = Headers::in_band});
  const auto large = record::test::pictures({.width = 1280, .height = 720, .headers = Headers::in_band});
  ASSERT_TRUE(small && large);
  const auto made = FragmentMaker::create(*small->front(), nullptr, 0);
  ASSERT_TRUE(made.ok());
  EXPECT_TRUE((*made)->fits(*(*small)[15]));
  EXPECT_FALSE((*made)->fits(*large->front()));
  EXPECT_EQ((*made)->width(), 640);
}

TEST_F(FragmentTest, WhatBrowsersDoNotTakeIsRefused) {
  const auto video = record::test::pictures({.encoder = "mjpeg"});
  ASSERT_TRUE(video);
  const auto made = FragmentMaker::create(*video->front(), nullptr, 0);
  ASSERT_FALSE(made.ok());
  EXPECT_EQ(made.error().code(), ErrorCode::unsupported);
}

}  // namespace
}  // namespace porchlight::live
