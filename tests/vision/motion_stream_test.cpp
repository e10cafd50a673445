// SPDX-License-Identifier: Apache-2.0
// What streams do beside showing a place: they break off, come back as another picture, turn grey or black.
#include <gtest/gtest.h>

#include "porchlight/vision/motion_gate.hpp"
#include "vision/motion_clips.hpp"
#include "vision/motion_paint.hpp"

namespace porchlight::vision {
namespace {

using test::black;
using test::box;
using test::film;
using test::painted;
using test::seconds_of;
using test::stripes;
using test::watch;
using test::Way;

constexpr double nowhere = -40;

int grey(int /*x*/, int /*y*/, double /*t*/) {
  return 128;
}

// Shown one after another, every picture.
class Shown {
 public:
  explicit Shown(const MotionTuning& tuning = {}) : gate({}, tuning) {}

  void show(const test::Scene& scene, double from, double until) {
    for (const auto& frame : film(scene, from, until)) look(*frame);
  }
  void look(const media::Frame& frame) {
    take(gate.look(frame));
    all_wanted = gate.wants_all() ? all_wanted + 1 : 0;
  }
  void take(std::optional<MotionNews> news) {
    if (!news) return;
    (news->ended ? ended : begun).push_back(*news);
  }

  MotionGate gate;
  std::vector<MotionNews> begun, ended;
  int all_wanted = 0;  // by the last pictures in a row
};

// Somebody who comes in at `from` and crosses the picture at so many samples a second.
test::Scene walker(double from, double speed) {
  return box([=](double t) { return t < from ? nowhere : -32 + speed * (t - from); });
}

TEST(MotionStream, ABlankPictureOfAnotherSizeInAMotion) {
  Shown shown;
  shown.show(walker(3, 50), 0, 6);
  ASSERT_EQ(shown.begun.size(), 1U);
  for (int i = 0; i < 5; ++i) shown.look(*painted(black, 6 + 0.1 * i, true, 96, 64));
  shown.take(shown.gate.finish());
  ASSERT_EQ(shown.ended.size(), 1U);
  // And the small picture is watched like any other.
  for (int i = 0; i < 30; ++i) shown.look(*painted(stripes, 7 + 0.1 * i, true, 96, 64));
  EXPECT_FALSE(shown.gate.wants_all());
  EXPECT_EQ(shown.begun.size(), 1U);
}

TEST(MotionStream, AnotherSizeInAMotionGoesOnAsOne) {
  Shown shown;
  shown.show(walker(3, 50), 0, 6);
  for (int i = 0; i < 120; ++i) shown.look(*painted(stripes, 6 + 0.1 * i, true, 160, 90));
  ASSERT_EQ(shown.begun.size(), 1U);
  ASSERT_EQ(shown.ended.size(), 1U);
  EXPECT_EQ(shown.ended[0].start, shown.begun[0].start);
}

TEST(MotionStream, WhatABlankPictureShowsIsNoBackground) {
  Shown shown;
  shown.show(walker(3, 50), 0, 6);
  // As dark as who walks.
  shown.show([](int, int, double) { return 30; }, 6, 18);
  ASSERT_EQ(shown.ended.size(), 1U);
  for (double at = 18; at < 19; at += 0.1) {
    shown.look(*painted(stripes, at));
    ASSERT_FALSE(shown.gate.wants_all()) << at << " s: the place is as it was";
  }
  // Where the walker was seen last.
  shown.show(box([](double) { return 113; }), 19, 19.5);
  EXPECT_TRUE(shown.gate.wants_all()) << "that is not known as a part of the place";
}

TEST(MotionStream, ALensThatIsCoveredInASuspicionIsNotSuspectedForEver) {
  for (const auto& cover : {test::Scene(black), test::Scene(grey)}) {
    Shown shown;
    shown.show(box([](double t) { return t < 3 ? nowhere : 100; }), 0, 4);
    ASSERT_TRUE(shown.gate.wants_all());
    shown.show(cover, 4, 8);
    EXPECT_FALSE(shown.gate.wants_all());
    shown.show(stripes, 8, 12);
    EXPECT_FALSE(shown.gate.wants_all()) << "what was before it is no background";
    EXPECT_TRUE(shown.begun.empty());
  }
}

TEST(MotionStream, ASuspicionEndsThoughNoPictureComes) {
  Shown shown;
  shown.show(box([](double t) { return t < 3 ? nowhere : 100; }), 0, 4);
  ASSERT_TRUE(shown.gate.wants_all());
  EXPECT_FALSE(shown.gate.tick(MonotonicTime(std::chrono::seconds(1004))));
  EXPECT_TRUE(shown.gate.wants_all());
  EXPECT_FALSE(shown.gate.tick(MonotonicTime(std::chrono::seconds(1006))));
  EXPECT_FALSE(shown.gate.wants_all());
}

TEST(MotionStream, AGreyHoleWakesNobody) {
  const auto hole = [](int x, int y, double t) {
    return t >= 5 && t < 6.5 && y >= 120 ? 128 : stripes(x, y, t);
  };
  Shown shown;
  shown.show(hole, 0, 4);
  for (double at = 4; at < 9; at += 0.1) {
    shown.look(*painted(hole, at));
    ASSERT_FALSE(shown.gate.wants_all()) << at;
  }
  MotionTuning tuning;
  tuning.skips_blank = false;
  Shown unprotected(tuning);
  unprotected.show(hole, 0, 5.5);
  EXPECT_TRUE(unprotected.gate.wants_all()) << "the pictures are too easy";
}

class MotionStreamBoth : public testing::TestWithParam<Way> {};
INSTANTIATE_TEST_SUITE_P(BothWays, MotionStreamBoth, testing::Values(Way::all, Way::resting),
                         [](const auto& way) { return way.param == Way::all ? "All" : "Resting"; });

TEST_P(MotionStreamBoth, AGreyPlaceThatStaysIsSeenPast) {
  // A fifth of the picture, from the fifth second on; somebody walks by beside it much later.
  const auto patched = [](int x, int y, double t) {
    return t >= 5 && x >= 160 && y < 64 ? 128 : stripes(x, y, t);
  };
  const auto somebody = box([](double t) { return t < 30 ? nowhere : -32 + 50 * (t - 30); }, patched);
  const auto seen = watch(film(somebody, 0, 48), {}, GetParam());
  EXPECT_EQ(seen.motions(), 1U) << seen.text();
  ASSERT_FALSE(seen.news.empty());
  EXPECT_NEAR(seconds_of(seen.news.front().start), 30.5, 1);
}

TEST_P(MotionStreamBoth, ADarkCameraRestsUntilThereIsLight) {
  const auto somebody = [](int x, int y, double t) {
    return t < 30 ? black(x, y, t) : walker(36, 50)(x, y, t);
  };
  MotionGate gate({});
  const auto dark = watch(film(somebody, 0, 30), gate, GetParam());
  EXPECT_LE(dark.all_wanted, 25U) << "of 300";
  const auto lit = watch(film(somebody, 30, 54), gate, GetParam());
  EXPECT_EQ(lit.motions(), 1U) << lit.text();
  ASSERT_FALSE(lit.news.empty());
  EXPECT_GE(seconds_of(lit.news.front().start), 36) << "the light is no motion";
}

// Who is just too little to be seen in a keyframe is seen in all pictures from the next on, and followed from
// there: what was seen in the keyframe that woke the camera is no beginning.
TEST(MotionStream, WhoWalksSlowlyIsSeenAtRestAsSoonAsOtherwise) {
  for (const double speed : {10, 15}) {
    const auto frames = film(walker(4 - 2.5 / speed, speed), 0, 40);
    const auto all = watch(frames, {}, Way::all), resting = watch(frames, {}, Way::resting);
    ASSERT_EQ(all.motions(), 1U) << all.text();
    ASSERT_EQ(resting.motions(), 1U) << resting.text();
    EXPECT_NEAR(seconds_of(all.news[0].start), seconds_of(resting.news[0].start), 1) << speed;
  }
}

TEST(MotionStream, AMotionHasALongestLength) {
  const auto frames = film(walker(3, 32), 0, 26);
  EXPECT_EQ(watch(frames).motions(), 1U);
  MotionTuning tuning;
  tuning.longest = std::chrono::seconds(4);
  for (const auto way : {Way::all, Way::resting}) {
    const auto seen = watch(frames, tuning, way);
    EXPECT_GE(seen.motions(), 2U) << "what moves on is another";
    EXPECT_EQ(seen.news.size(), 2 * seen.motions());
    for (const auto& news : seen.news)
      if (news.ended) {
        EXPECT_LE(news.end - news.start, std::chrono::seconds(4)) << seen.text();
      }
  }
}

// What crosses the new picture within its first second is of the connection.
test::Scene wandering_edge(double from) {
  return box([=](double t) { return t < from || t > from + 1.2 ? nowhere : 20 + 100 * (t - from); },
             [](int x, int y, double t) { return 30 + stripes(x + 1, y + 2, t); });
}

TEST(MotionStream, AnotherPictureAfterAReconnectIsNoMotion) {
  Shown shown;
  shown.show(stripes, 0, 5);
  shown.gate.restart();
  shown.show(wandering_edge(5), 5, 12);
  EXPECT_TRUE(shown.begun.empty());
  EXPECT_EQ(shown.all_wanted, 0) << "it has settled";
  MotionTuning tuning;
  tuning.settle = std::chrono::milliseconds(0);
  Shown hasty(tuning);
  hasty.show(stripes, 0, 5);
  hasty.gate.restart();
  hasty.show(wandering_edge(5), 5, 12);
  EXPECT_EQ(hasty.begun.size(), 1U) << "the pictures are too easy";
  Shown same_connection;
  same_connection.show(stripes, 0, 5);
  same_connection.show(wandering_edge(5), 5, 12);
  EXPECT_EQ(same_connection.begun.size(), 1U) << "the pictures are too easy";
}

TEST(MotionStream, AReconnectInAMotionIsOneMotion) {
  Shown shown;
  const auto somebody = walker(3, 40);
  shown.show(somebody, 0, 6);
  ASSERT_TRUE(shown.gate.moving());
  shown.gate.restart();
  EXPECT_TRUE(shown.gate.moving());
  shown.show(somebody, 6, 22);
  EXPECT_EQ(shown.begun.size(), 1U);
  ASSERT_EQ(shown.ended.size(), 1U);
  EXPECT_EQ(shown.ended[0].start, shown.begun[0].start);
  EXPECT_GE(seconds_of(shown.ended[0].end), 9) << "it was seen to the other side";
  EXPECT_FALSE(shown.gate.moving());
}

}  // namespace
}  // namespace porchlight::vision
