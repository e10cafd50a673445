// SPDX-License-Identifier: Apache-2.0
// What changes and does not move: none of it is a motion, and each measure against it is needed, so that a
// clip that is too easy proves nothing.
#include <gtest/gtest.h>

#include "vision/motion_clips.hpp"

namespace porchlight::vision {
namespace {

using test::drawn;
using test::scene;
using test::watch;
using test::Way;

struct FalseAlarm {
  const char* name;
  std::string graph;
  int seconds;
  double looks;                                   // at rest, at most so many of the pictures
  std::vector<void (*)(MotionTuning&)> measures;  // each takes one away
};

std::string rain(int streaks_per_mille) {
  // Points that are drawn anew in each picture, stretched to streaks of 2 × 15 pixels, laid over the scene.
  return scene("scene") + ";nullsrc=s=320x24:r=10,format=gray,geq=lum=if(lt(random(1)*1000\\," +
         std::to_string(streaks_per_mille) +
         ")\\,140\\,0),scale=640:360:flags=bilinear,format=yuv420p[rain];"
         "[scene][rain]blend=c0_mode=addition[out]";
}

void no_noise(MotionTuning& tuning) {
  tuning.noise_deviations = 0;
}
void scattered(MotionTuning& tuning) {
  tuning.dense = 4;
}
void no_memory(MotionTuning& tuning) {
  tuning.remembers = false;
}
void no_way(MotionTuning& tuning) {
  tuning.follows = false;
}
void any_structure(MotionTuning& tuning) {
  tuning.same_structure = 2;
}
// Two measures, each enough by itself.
void no_light(MotionTuning& tuning) {
  tuning.light_part = 2;
  tuning.same_structure = 2;
}
void no_blank(MotionTuning& tuning) {
  tuning.skips_blank = false;
}

constexpr double third = 1.0 / 3;

const FalseAlarm alarms[] = {
    {"Noise", scene("out", 60), 20, 0.5, {no_noise, scattered, no_way}},
    {"Rain", rain(25), 20, 0.6, {scattered, no_way}},
    {"LightOn",
     scene("scene", 4) + ";[scene]eq=eval=frame:brightness=if(gte(t\\,7)\\,0.22\\,0)[out]",
     16,
     third,
     {no_light}},
    {"Dusk",
     scene("scene", 4) + ";[scene]eq=eval=frame:brightness=-0.3*clip((t-5)/4\\,0\\,1)[out]",
     16,
     third,
     {no_light}},
    // A soft bright patch that wanders over the picture: somebody, by its way alone.
    {"Headlights",
     "testsrc2=s=320x180:r=10,trim=end_frame=1,loop=loop=-1:size=1,setpts=N/"
     "(10*TB),gblur=sigma=0.8,eq=contrast=0.6,"
     "format=yuv420p,geq=lum=clip(lum(X\\,Y)*(1+0.9*exp(-((X-(T-5)*60)*(X-(T-5)*60)+(Y-100)*(Y-100))/"
     "1800))\\,0\\,255)"
     ":cb=cb(X\\,Y):cr=cr(X\\,Y),scale=640:360,noise=alls=4:allf=t[out]",
     14,
     third,
     {any_structure}},
    {"GreyAfterReconnect",
     scene("scene") +
         ";color=c=0x808080:s=640x360:r=10[grey];[scene][grey]overlay=enable=between(t\\,8\\,9.5)[out]",
     16,
     third,
     {no_blank}},
    // The codec leaves something of the picture in it for a moment; one without anything is in
    // motion_stream_test.cpp.
    {"GreyHole",
     scene("scene") +
         ";color=c=0x808080:s=640x120:r=10[grey];[scene][grey]overlay=y=240:enable=between(t\\,8\\,9.5)[out]",
     16,
     0.6,
     {no_way}},
    {"Exposure", scene("scene") + ";[scene]fade=t=in:d=1.2[out]", 12, third, {[](MotionTuning& tuning) {
       tuning.settle = std::chrono::milliseconds(0);
       no_light(tuning);
       no_way(tuning);
     }}},
    {"BlinkingLamp",
     scene("scene") + ";color=c=0xf0e0a0:s=90x90:r=10[lamp];[scene][lamp]overlay=x=400:y=60:enable=lt(mod("
                      "t\\,2.3)\\,1.1)[out]",
     30,
     third,
     {no_memory, no_way}},
    {"Branch",
     scene("scene") + ";color=c=0x203018:s=50x110:r=10,drawbox=x=10:y=10:w=20:h=60:c=0x88a060:t=fill[branch];"
                      "[scene][branch]overlay=x=300+7*sin(5*t):y=100+3*sin(3*t)[out]",
     30,
     0.4,
     {no_memory, scattered, no_way}},
    {"SomethingIsLeftBehind",
     scene("scene") +
         ";color=c=0x704020:s=80x60:r=10[parcel];[scene][parcel]overlay=x=280:y=260:enable=gte(t\\,9)[out]",
     20,
     0.5,
     {no_way}},
};

void PrintTo(const FalseAlarm& alarm, std::ostream* out) {
  *out << alarm.name;
}

class NoMotion : public testing::TestWithParam<FalseAlarm> {};
INSTANTIATE_TEST_SUITE_P(Of, NoMotion, testing::ValuesIn(alarms),
                         [](const auto& alarm) { return std::string(alarm.param.name); });

TEST_P(NoMotion, AndEachMeasureIsNeeded) {
  if (!test::has_ffmpeg()) GTEST_SKIP() << "no ffmpeg: the clips cannot be made";
  const auto clip = drawn(GetParam().graph, GetParam().seconds);
  ASSERT_GE(clip.size(), static_cast<std::size_t>(9 * GetParam().seconds));
  const auto all = watch(clip, {}, Way::all), resting = watch(clip, {}, Way::resting);
  EXPECT_EQ(all.motions(), 0U) << "every picture: " << all.text();
  EXPECT_EQ(resting.motions(), 0U) << "keyframes at rest: " << resting.text();
  EXPECT_LE(static_cast<double>(resting.looks), GetParam().looks * static_cast<double>(clip.size()));
  for (std::size_t i = 0; i < GetParam().measures.size(); ++i) {
    MotionTuning weak;
    GetParam().measures[i](weak);
    const auto weak_all = watch(clip, weak, Way::all);
    const bool told = weak_all.motions() + watch(clip, weak, Way::resting).motions() > 0;
    // Or it costs half as much again.
    EXPECT_TRUE(told || 2 * weak_all.all_wanted >= 3 * all.all_wanted)
        << "without measure " << i << ": the clip is too easy";
  }
}

// And somebody who walks through it all the same is seen.
class MotionIn : public testing::TestWithParam<FalseAlarm> {};
INSTANTIATE_TEST_SUITE_P(Of, MotionIn, testing::ValuesIn(alarms),
                         [](const auto& alarm) { return std::string(alarm.param.name); });

TEST_P(MotionIn, IsSeenAllTheSame) {
  if (!test::has_ffmpeg()) GTEST_SKIP() << "no ffmpeg: the clips cannot be made";
  auto graph = GetParam().graph;
  graph.replace(graph.rfind("[out]"), 5, "[alarm]");
  graph +=
      ";color=c=0x101010:s=60x150:r=10,drawbox=x=18:y=4:w=24:h=30:c=0xd8c8b8:t=fill,"
      "drawbox=x=10:y=44:w=40:h=50:c=0xa02430:t=fill[who];[alarm][who]overlay=y=190:x=-60+90*(t-3)[out]";
  const auto clip = drawn(graph, GetParam().seconds);
  for (const auto way : {Way::all, Way::resting}) EXPECT_GE(watch(clip, {}, way).motions(), 1U);
}

}  // namespace
}  // namespace porchlight::vision
