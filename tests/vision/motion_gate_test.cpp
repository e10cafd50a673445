// SPDX-License-Identifier: Apache-2.0
// What moves is seen, with its time, its way and its zones.
#include "porchlight/vision/motion_gate.hpp"

#include <gmock/gmock.h>

#include <algorithm>

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

// As somebody sees them who looks at the clip; in seconds.
struct RealClip {
  const char* name;
  std::vector<double> comes;                      // in the midst of it
  std::vector<double> goes;                       // after having stood for long
  std::vector<std::pair<double, double>> nobody;  // and nothing moves
};

void PrintTo(const RealClip& clip, std::ostream* out) {
  *out << clip.name;
}

// People who come into a room one by one, stand for a while and go; cars from above, to whose white the
// exposure answers.
const RealClip real_clips[] = {
    {"one-by-one-person-detection.mp4",
     {6.8, 23, 50.7, 75.5, 92.8, 124.3},
     {18.5, 43.5, 68.5, 85, 118.3, 134.7},
     {{0, 5}, {20.5, 22}, {46, 48.5}, {71, 73.5}, {88, 90.5}, {121, 122.5}}},
    {"car-detection.mp4", {6, 16, 26}, {}, {{0, 3.5}, {9.5, 13.5}, {19.5, 24}}},
};

class RealCameras : public testing::TestWithParam<RealClip> {
 protected:
  void SetUp() override {
    const std::filesystem::path videos = PORCHLIGHT_SOURCE_DIR "/../shared/data/videos";
    if (!std::filesystem::exists(videos / GetParam().name)) GTEST_SKIP() << "no clips in " << videos;
    clip = test::frames_of(videos / GetParam().name);
    ASSERT_GT(clip.size(), 300U);
  }
  // What lies between two times, forth and back for so long, 10 pictures a second.
  std::vector<media::FramePtr> to_and_fro(double from, double until, int seconds) const {
    std::vector<media::FramePtr> some, film;
    for (const auto& frame : clip)
      if (seconds_of(frame->arrived) >= from && seconds_of(frame->arrived) < until) some.push_back(frame);
    const std::size_t period = 2 * (some.size() - 1);
    for (std::size_t i = 0; i < static_cast<std::size_t>(10 * seconds); ++i) {
      auto frame = std::make_shared<media::Frame>(*some[std::min(i % period, period - i % period)]);
      frame->arrived = clip.front()->arrived + i * std::chrono::milliseconds(100);
      frame->keyframe = i % 20 == 0;
      film.push_back(std::move(frame));
    }
    return film;
  }
  std::vector<media::FramePtr> clip;
};
INSTANTIATE_TEST_SUITE_P(Of, RealCameras, testing::ValuesIn(real_clips), [](const auto& clip) {
  return std::string(clip.param.name).starts_with("car") ? "Cars" : "People";
});

TEST_P(RealCameras, WhoComesIsInAMotionAndNoneBeginsWhereNobodyIs) {
  for (const auto way : {Way::all, Way::resting}) {
    const auto seen = watch(clip, {}, way);
    ASSERT_EQ(seen.news.size(), 2 * seen.motions());
    const auto covered = [&seen](double at) {
      return std::any_of(seen.news.begin(), seen.news.end(), [at](const MotionNews& one) {
        return one.ended && seconds_of(one.start) <= at + 0.5 && seconds_of(one.end) >= at - 0.5;
      });
    };
    for (const double at : GetParam().comes) EXPECT_TRUE(covered(at)) << at << " s\n" << seen.text();
    // Whoever was a part of the scene and is gone within a second may be missed (docs/motion.md).
    EXPECT_LE(std::count_if(GetParam().goes.begin(), GetParam().goes.end(),
                            [&covered](double at) { return !covered(at); }),
              1)
        << seen.text();
    for (const auto& [from, until] : GetParam().nobody)
      for (const auto& one : seen.news) {
        EXPECT_FALSE(!one.ended && seconds_of(one.start) > from && seconds_of(one.start) < until)
            << seen.text();
        EXPECT_FALSE(one.ended && seconds_of(one.end) > from + 1 && seconds_of(one.end) < until)
            << seen.text();
      }
  }
}

TEST_P(RealCameras, NobodyIsNoMotionHoweverLong) {
  for (const auto& [from, until] : GetParam().nobody)
    for (const auto way : {Way::all, Way::resting}) {
      const auto seen = watch(to_and_fro(from + 0.5, until, 40), {}, way);
      EXPECT_EQ(seen.motions(), 0U) << from << " s\n" << seen.text();
      if (way == Way::resting) {
        EXPECT_LE(seen.looks, 400U / 3) << from << " s: it does not rest";
      }
    }
}

}  // namespace
}  // namespace porchlight::vision
