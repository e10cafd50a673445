// SPDX-License-Identifier: Apache-2.0
// What moves is seen, with its time, its way and its zones.
#include "porchlight/vision/motion_gate.hpp"

#include <gmock/gmock.h>

#include "vision/motion_clips.hpp"

namespace porchlight::vision {
namespace {

using test::drawn;
using test::scene;
using test::seconds_of;
using test::watch;
using test::Way;
using testing::ElementsAre;

// Somebody of 60 × 150 pixels who comes in from the left at `from` and leaves to the right 7 s later.
std::string walker(int from, const std::string& under = scene("scene")) {
  return under +
         ";color=c=0x283038:s=60x150:r=10,drawbox=x=18:y=4:w=24:h=30:c=0xb89878:t=fill,"
         "drawbox=x=10:y=44:w=40:h=50:c=0x7a2430:t=fill[who];[scene][who]overlay=y=170:x=-60+100*(t-" +
         std::to_string(from) + ")[out]";
}

#define NEEDS_FFMPEG() \
  if (!test::has_ffmpeg()) GTEST_SKIP() << "no ffmpeg: the clips cannot be made"

class MotionGateTest : public testing::TestWithParam<Way> {};
INSTANTIATE_TEST_SUITE_P(BothWays, MotionGateTest, testing::Values(Way::all, Way::resting),
                         [](const auto& way) { return way.param == Way::all ? "All" : "Resting"; });

TEST_P(MotionGateTest, SomebodyWalksBy) {
  NEEDS_FFMPEG();
  const auto seen = watch(drawn(walker(6), 24), {}, GetParam());
  ASSERT_EQ(seen.motions(), 1U);
  ASSERT_EQ(seen.news.size(), 2U);
  const auto& begun = seen.news[0];
  EXPECT_GE(seconds_of(begun.start), 5.9);
  EXPECT_LE(seconds_of(begun.start), 7.0);
  const auto& over = seen.news[1];
  EXPECT_TRUE(over.ended);
  EXPECT_EQ(over.start, begun.start);
  EXPECT_GE(seconds_of(over.end), 11.5);
  EXPECT_LE(seconds_of(over.end), 13.5);
  ASSERT_GE(over.track.size(), 6U);
  ASSERT_LE(over.track.size(), 16U);
  for (std::size_t i = 1; i < over.track.size(); ++i) {
    EXPECT_GT(over.track[i].at, over.track[i - 1].at);
    EXPECT_GE(over.track[i].x + over.track[i].width + 0.01, over.track[i - 1].x + over.track[i - 1].width)
        << "to the right";
  }
  // Feet at 320 of 360, head at 170.
  const auto& middle = over.track[over.track.size() / 2];
  EXPECT_NEAR(middle.y, 170.0 / 360, 0.08);
  EXPECT_NEAR(middle.y + middle.height, 320.0 / 360, 0.08);
  EXPECT_NEAR(middle.width, 60.0 / 640, 0.08);
  EXPECT_TRUE(over.zones.empty());
}

TEST_P(MotionGateTest, WhoStandsStillForAWhileIsTwoMotions) {
  NEEDS_FFMPEG();
  const auto clip = drawn(scene("scene") +
                              ";color=c=0x283038:s=60x150:r=10[who];[scene][who]overlay=y=170:"
                              "x=-60+100*clip(t-4\\,0\\,3)+100*clip(t-20\\,0\\,9)[out]",
                          36);
  const auto seen = watch(clip, {}, GetParam());
  EXPECT_EQ(seen.motions(), 2U);
  ASSERT_EQ(seen.news.size(), 4U);
  EXPECT_LE(seconds_of(seen.news[1].end), 8.5) << "standing is not moving";
  EXPECT_GE(seconds_of(seen.news[2].start), 18.0);
}

TEST_P(MotionGateTest, ComingNearerIsMotion) {
  NEEDS_FFMPEG();
  // Straight towards the camera: the middle stays where it is.
  const auto clip = drawn(
      "testsrc2=s=320x180:r=10,trim=end_frame=1,loop=loop=-1:size=1,setpts=N/(10*TB),gblur=sigma=0.8,"
      "eq=contrast=0.6,format=yuv420p,geq=lum=if(lt(abs(X-160)\\,6+4*clip(T-4\\,0\\,8))*"
      "lt(abs(Y-90)\\,12+8*clip(T-4\\,0\\,8))\\,40\\,lum(X\\,Y)):cb=cb(X\\,Y):cr=cr(X\\,Y),"
      "scale=640:360,noise=alls=4:allf=t[out]",
      16);
  EXPECT_EQ(watch(clip, {}, GetParam()).motions(), 1U);
}

TEST_P(MotionGateTest, NothingOfAMaskCounts) {
  NEEDS_FFMPEG();
  const auto clip = drawn(walker(6), 18);
  MotionGate gate({{}, {{{0, 0.4}, {1, 0.4}, {1, 1}, {0, 1}}}});
  EXPECT_EQ(watch(clip, gate, GetParam()).motions(), 0U);
}

TEST_P(MotionGateTest, OnlyZonesCountAndAreNamed) {
  NEEDS_FFMPEG();
  const auto clip = drawn(walker(4), 22);
  const media::Zone sky{"sky", "Sky", {{0, 0}, {1, 0}, {1, 0.3}, {0, 0.3}}};
  const media::Zone left{"left", "Left", {{0, 0.5}, {0.4, 0.5}, {0.4, 1}, {0, 1}}};
  const media::Zone right{"right", "Right", {{0.7, 0.5}, {1, 0.5}, {1, 1}, {0.7, 1}}};
  MotionGate nowhere({{sky}, {}});
  EXPECT_EQ(watch(clip, nowhere, GetParam()).motions(), 0U);
  MotionGate gate({{sky, left, right}, {}});
  const auto both = watch(clip, gate, GetParam());
  ASSERT_EQ(both.motions(), 1U);
  EXPECT_THAT(both.news.back().zones, ElementsAre(1U, 2U));
  MotionGate late({{right}, {}});
  const auto there = watch(clip, late, GetParam());
  ASSERT_EQ(there.motions(), 1U);
  EXPECT_THAT(there.news.front().zones, ElementsAre(0U));
}

TEST(MotionGate, RestsOnKeyframesUntilSomethingMoves) {
  NEEDS_FFMPEG();
  const auto still = drawn(scene(), 30);
  const auto seen = watch(still);
  EXPECT_EQ(seen.motions(), 0U);
  EXPECT_LE(seen.looks, 40U) << "of 300 pictures: settling, then one in 2 s";
  EXPECT_LE(seen.all_wanted, 20U);
}

TEST(MotionGate, AMotionEndsThoughNoPictureComes) {
  NEEDS_FFMPEG();
  auto clip = drawn(walker(3), 6);
  MotionGate gate({});
  std::optional<MotionNews> begun;
  for (const auto& frame : clip)
    if (auto news = gate.look(*frame)) begun = news;
  ASSERT_TRUE(begun);
  ASSERT_TRUE(gate.moving());
  const auto last = clip.back()->arrived;
  EXPECT_FALSE(gate.tick(last + std::chrono::seconds(1)));
  const auto over = gate.tick(last + std::chrono::seconds(10));
  ASSERT_TRUE(over);
  EXPECT_TRUE(over->ended);
  EXPECT_LE(over->end, last);
  EXPECT_FALSE(gate.moving());
  EXPECT_FALSE(gate.finish());
}

TEST(MotionGate, AnUnreadableOrTinyPictureIsPassedOver) {
  MotionGate gate({});
  EXPECT_FALSE(gate.look(media::Frame{}));
  NEEDS_FFMPEG();
  EXPECT_EQ(watch(drawn("testsrc2=s=16x16:r=10[out]", 5)).motions(), 0U);
}

TEST(MotionGate, ClipsOfRealCameras) {
  const std::filesystem::path videos = PORCHLIGHT_SOURCE_DIR "/../shared/data/videos";
  if (!std::filesystem::exists(videos)) GTEST_SKIP() << "no clips in " << videos;
  // People who walk through one by one; cars on a road. Both move nearly all the time, at 12 frames/s.
  for (const auto* name : {"one-by-one-person-detection.mp4", "car-detection.mp4"}) {
    const auto clip = test::frames_of(videos / name);
    ASSERT_GT(clip.size(), 300U) << name;
    for (const auto way : {Way::all, Way::resting}) {
      const auto seen = watch(clip, {}, way);
      EXPECT_GE(seen.motions(), 1U) << name;
      EXPECT_LE(seconds_of(seen.news.front().start), 20) << name;
      std::printf("%s: %zu motions, %zu looks at %zu pictures\n", name, seen.motions(), seen.looks,
                  clip.size());
      for (const auto& news : seen.news)
        if (news.ended) std::printf("  %.1f s to %.1f s\n", seconds_of(news.start), seconds_of(news.end));
    }
  }
}

}  // namespace
}  // namespace porchlight::vision
