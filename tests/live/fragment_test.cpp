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
using namespace std::chrono_literals;

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

// Seconds at which a picture clock places these, as they arrive.
struct Placed {
  double decoded = 0, shown = 0;
};
std::vector<Placed> placed(const Packets& packets, int depth) {
  constexpr std::int64_t per_second = 90'000;
  std::vector<Placed> list;
  PictureClock clock(packets.front()->arrived, per_second, std::chrono::nanoseconds(1s) / 30, depth);
  for (const auto& packet : packets) {
    const auto time = clock.place(*packet);
    list.push_back({static_cast<double>(time.dts) / per_second, static_cast<double>(time.pts) / per_second});
  }
  return list;
}
// The same pictures once more, that much later; their own clock begins anew.
Packets and_again(Packets packets, std::chrono::nanoseconds later) {
  const auto end = packets.back()->arrived + later - packets.front()->arrived;
  for (std::size_t i = 0, count = packets.size(); i < count; ++i) {
    auto packet = std::make_shared<media::Packet>(*packets[i]);
    packet->arrived += std::chrono::duration_cast<MonotonicTime::duration>(end);
    packets.push_back(packet);
  }
  return packets;
}

TEST_F(FragmentTest, AnInterruptionLiesBeforeTheFirstPictureBehindItAndNotWithinItsGroup) {
  const auto video = record::test::pictures({.b_frames = 3});
  ASSERT_TRUE(video);
  const auto times = placed(and_again(without_decode_times(*video), 10s), 4);
  ASSERT_EQ(times.size(), 120U);
  for (std::size_t i = 1; i < times.size(); ++i) {
    const auto step = times[i].decoded - times[i - 1].decoded;
    if (i == 60)
      EXPECT_NEAR(step, 10, 0.5);
    else
      EXPECT_LT(step, 0.5) << "browsers wait for a keyframe behind picture " << i;
    EXPECT_GE(times[i].shown, times[i].decoded);
  }
}

TEST_F(FragmentTest, AClockThatIsSetBackDoesNotHoldThePicture) {
  const auto video = record::test::pictures({});
  ASSERT_TRUE(video);
  for (const auto back : {700, 1500, 2900}) {
    Packets packets;
    for (const auto& packet : *video) {
      const auto& base = *packet->stream;
      const auto ticks = std::int64_t{back} * base.time_base_den / base.time_base_num / 1000;
      packets.push_back(record::test::changed(packet, [&](AVPacket& data) {
        data.dts = AV_NOPTS_VALUE;
        if (packets.size() >= 30) data.pts -= ticks;
      }));
    }
    const auto times = placed(packets, 0);
    for (std::size_t i = 1; i < times.size(); ++i)
      EXPECT_NEAR(times[i].shown - times[i - 1].shown, 1.0 / 30, 0.03) << back << " ms, picture " << i;
  }
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
