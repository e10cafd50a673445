// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "porchlight/media/packet_time.hpp"
#include "record/cut_rules.hpp"
#include "record/packets.hpp"
#include "record/segment_media.hpp"

extern "C" {
#include <libavutil/avutil.h>
}

namespace porchlight::record {
namespace {

using namespace std::chrono_literals;
using namespace std::string_literals;
using Verdict = CutRules::Verdict;
using test::packet_of;

const auto video = test::stream_of("mjpeg");

struct Stream {
  CutRules rules{*packet_of(video, {true, 0, 0}), 10s};
  Verdict next(bool keyframe, std::int64_t pts_ms, std::int64_t arrived_ms) {
    return rules.judge(*packet_of(video, {keyframe, pts_ms, arrived_ms}));
  }
};

TEST(CutRules, CutAtTheFirstKeyframeAfterTheTime) {
  Stream stream;
  EXPECT_EQ(stream.next(true, 9'960, 9'960), Verdict::goes_on);
  EXPECT_EQ(stream.next(false, 10'040, 10'040), Verdict::goes_on) << "not between keyframes";
  EXPECT_EQ(stream.next(true, 10'080, 10'080), Verdict::cut);
}

TEST(CutRules, BreakWhereTimestampsGoBack) {
  Stream stream;
  EXPECT_EQ(stream.next(false, 40, 40), Verdict::goes_on);
  EXPECT_EQ(stream.next(false, 20, 80), Verdict::broken);
  EXPECT_EQ(stream.rules.reason(), "timestamps went back");
  Stream other;
  other.next(false, 40, 40);
  EXPECT_EQ(other.next(true, 20, 80), Verdict::cut) << "with a keyframe nothing is missing";
}

// As RTP tells of B-frames: in the order of decoding, and only when each is shown.
struct TurnedAbout {
  std::shared_ptr<const media::StreamInfo> stream = test::stream_of("hevc");
  std::int64_t arrived = 0;
  CutRules rules{*picture(true, 0), 10s};

  media::PacketPtr picture(bool keyframe, std::int64_t pts_ms) {
    const auto packet = packet_of(stream, {keyframe, pts_ms, arrived});
    arrived += 40;
    return test::changed(packet, [](AVPacket& data) { data.dts = AV_NOPTS_VALUE; });
  }
  Verdict next(bool keyframe, std::int64_t pts_ms) { return rules.judge(*picture(keyframe, pts_ms)); }
};

TEST(CutRules, TakeNoOrderThatIsTurnedAboutForTimeThatGoesBack) {
  TurnedAbout stream;
  for (std::int64_t group = 0; group < 9'600; group += 480) {
    // Two levels of B-frames.
    for (std::int64_t at = group; at < group + 320; at += 160)
      for (const auto ahead : {160, 80, 40, 120}) ASSERT_EQ(stream.next(false, at + ahead), Verdict::goes_on);
    // An open group: it ends with a keyframe, and what is shown before that comes behind it.
    ASSERT_EQ(stream.next(true, group + 480), Verdict::goes_on);
    for (const auto ahead : {400, 360, 440}) ASSERT_EQ(stream.next(false, group + ahead), Verdict::goes_on);
  }
  for (std::int64_t at = 9'640; at < 10'080; at += 40) ASSERT_EQ(stream.next(false, at), Verdict::goes_on);
  EXPECT_EQ(stream.next(true, 10'080), Verdict::cut);
  EXPECT_EQ(stream.rules.reason(), "its time is over");
}

TEST(CutRules, SeeTimeThatGoesBackInAnOrderThatIsTurnedAbout) {
  TurnedAbout stream;
  for (std::int64_t at = 0; at < 6'000; at += 120)
    for (const auto ahead : {120, 40, 80}) ASSERT_EQ(stream.next(false, at + ahead), Verdict::goes_on);
  auto far = stream;
  EXPECT_EQ(far.next(false, 3'900), Verdict::broken) << "further than any picture is held back";
  EXPECT_EQ(far.rules.reason(), "timestamps went back");
  auto key = stream;
  EXPECT_EQ(key.next(true, 5'980), Verdict::cut) << "a keyframe is shown behind all that precedes it";
  EXPECT_EQ(key.rules.reason(), "timestamps went back");
  auto near = stream;
  // The two before it are behind, too.
  for (int i = 0; i < 14; ++i) ASSERT_EQ(near.next(false, 5'000 + i * 40), Verdict::goes_on) << i;
  EXPECT_EQ(near.next(false, 5'560), Verdict::broken) << "more than a decoder may hold back";
}

TEST(CutRules, BreakWhereTimestampsRunAwayFromTheClock) {
  Stream stream;
  EXPECT_EQ(stream.next(false, 1'030, 40), Verdict::goes_on);
  EXPECT_EQ(stream.next(false, 2'090, 80), Verdict::broken);
  Stream paused;
  EXPECT_EQ(paused.next(false, 5'000, 5'000), Verdict::goes_on) << "a camera may be slow";
}

TEST(CutRules, ForgiveAHitchOfTheNetwork) {
  Stream stream;
  EXPECT_EQ(stream.next(false, 40, 3'000), Verdict::goes_on);
  for (int i = 2; i < 60; ++i) EXPECT_EQ(stream.next(false, i * 40, 3'000), Verdict::goes_on) << i;
  EXPECT_EQ(stream.next(true, 3'000, 3'000), Verdict::goes_on) << "it has caught up";
}

// Shorter than what makes a camera lost.
TEST(CutRules, SeeAPauseByBothClocks) {
  for (const bool keyframe : {false, true}) {
    Stream stream;
    for (int i = 1; i < 50; ++i) ASSERT_EQ(stream.next(i % 25 == 0, i * 40, i * 40), Verdict::goes_on);
    EXPECT_EQ(stream.next(keyframe, 5'000, 5'000), Verdict::paused);
    EXPECT_EQ(stream.rules.reason(), "nothing came for a while");
  }
  Stream brief;
  for (int i = 1; i < 50; ++i) brief.next(false, i * 40, i * 40);
  EXPECT_EQ(brief.next(false, 3'900, 3'900), Verdict::goes_on);
}

TEST(CutRules, SeeAPauseBehindAPictureThatWasOnItsWay) {
  Stream stream;
  for (int i = 1; i < 50; ++i) ASSERT_EQ(stream.next(i % 25 == 0, i * 40, i * 40), Verdict::goes_on);
  EXPECT_EQ(stream.next(false, 2'000, 7'000), Verdict::goes_on);
  EXPECT_EQ(stream.next(false, 7'040, 7'040), Verdict::paused);
  Stream jump;
  for (int i = 1; i < 50; ++i) ASSERT_EQ(jump.next(i % 25 == 0, i * 40, i * 40), Verdict::goes_on);
  EXPECT_EQ(jump.next(false, 2'000, 7'000), Verdict::goes_on);
  EXPECT_EQ(jump.next(false, 20'000, 7'040), Verdict::broken) << "that is no pause";
}

TEST(CutRules, ASlowCameraDoesNotPause) {
  CutRules rules(*packet_of(video, {true, 0, 0}), 1h);
  for (int i = 1; i < 100; ++i)
    ASSERT_EQ(rules.judge(*packet_of(video, {i % 10 == 0, i * 10'000, i * 10'000})), Verdict::goes_on);
  EXPECT_EQ(rules.judge(*packet_of(video, {false, 1'100'000, 1'100'000})), Verdict::paused);
}

// Its own clock stood still, or it says what time it is when it sends.
TEST(CutRules, APauseByOurClockIsOneUnlessItCatchesUp) {
  Stream stream;
  for (int i = 1; i < 50; ++i) ASSERT_EQ(stream.next(i % 25 == 0, i * 40, i * 40), Verdict::goes_on);
  EXPECT_EQ(stream.next(true, 2'000, 5'000), Verdict::goes_on) << "everything may still come";
  for (int i = 51; i < 75; ++i) ASSERT_EQ(stream.next(false, i * 40, i * 40 + 3'000), Verdict::goes_on) << i;
  EXPECT_EQ(stream.next(true, 3'000, 6'000), Verdict::paused);

  Stream hitch;
  for (int i = 1; i < 50; ++i) ASSERT_EQ(hitch.next(i % 25 == 0, i * 40, i * 40), Verdict::goes_on);
  EXPECT_EQ(hitch.next(true, 2'000, 5'000), Verdict::goes_on);
  for (int i = 51; i < 75; ++i) ASSERT_EQ(hitch.next(false, i * 40, 5'000 + i), Verdict::goes_on) << i;
  EXPECT_EQ(hitch.next(true, 3'000, 5'100), Verdict::cut) << "the network: nothing is missing";
}

TEST(CutRules, AFileEndsAlsoWithoutKeyframes) {
  Stream stream;
  for (int i = 1; i <= 600; ++i) ASSERT_EQ(stream.next(false, i * 1'000, i * 1'000), Verdict::goes_on) << i;
  EXPECT_EQ(stream.next(false, 600'500, 600'500), Verdict::broken);
  EXPECT_EQ(stream.rules.reason(), "no keyframe comes any more");
}

TEST(CutRules, CutAtAKeyframeWhenTimeHasDrifted) {
  Stream slow;
  for (int i = 1; i < 100; ++i) ASSERT_EQ(slow.next(i % 10 == 0, i * 40, i * 50), Verdict::goes_on);
  EXPECT_EQ(slow.next(false, 4'040, 5'050), Verdict::goes_on) << "a keyframe loses nothing";
  EXPECT_EQ(slow.next(true, 4'080, 5'100), Verdict::cut);
  EXPECT_EQ(slow.rules.reason(), "timestamps drifted");
}

TEST(CutRules, FollowAnotherStream) {
  Stream stream;
  const auto wide = test::stream_of("mjpeg", 1280);
  EXPECT_EQ(stream.rules.judge(*packet_of(wide, {true, 40, 40})), Verdict::cut);
  const auto same = test::stream_of("mjpeg");
  Stream other;
  EXPECT_EQ(other.rules.judge(*packet_of(same, {false, 40, 40})), Verdict::goes_on)
      << "the same announced again";
  Stream third;
  EXPECT_EQ(third.rules.judge(*packet_of(test::stream_of("h264"), {false, 40, 40})), Verdict::broken);
}

const std::string sps_a = "\0\0\0\1\x67\x42\x01"s, sps_b = "\0\0\0\1\x67\x42\x02"s, pps = "\0\0\0\1\x68\xCE"s,
                  idr = "\0\0\1\x65\x88\x80"s;

TEST(ParameterSets, StandInFrontOfAKeyframe) {
  const auto h264 = test::stream_of("h264");
  const auto sets = [&](const std::string& bytes) { return parameter_sets(*packet_of(h264, {true}, bytes)); };
  EXPECT_EQ(sets(sps_a + pps + idr), "\x67\x42\x01\x68\xCE"s);
  EXPECT_EQ(sets(idr), "");
  EXPECT_EQ(sets(idr + sps_a), "") << "only in front";
  EXPECT_EQ(sets("\0\0\0\x02\x67\x42"s), "") << "lengths instead of start codes";
  const auto hevc = test::stream_of("hevc");
  EXPECT_EQ(
      parameter_sets(*packet_of(hevc, {true}, "\0\0\0\1\x40\1x\0\0\1\x42\1y\0\0\1\x44\1z\0\0\1\x26\1p"s)),
      "\x40\1x\x42\1y\x44\1z"s);
}

TEST(CutRules, CutWhereTheParametersChangeInTheStream) {
  const auto h264 = test::stream_of("h264");
  CutRules rules(*packet_of(h264, {true, 0, 0}, sps_a + pps + idr), 60s);
  EXPECT_EQ(rules.judge(*packet_of(h264, {true, 1'000, 1'000}, sps_a + pps + idr)), Verdict::goes_on);
  EXPECT_EQ(rules.judge(*packet_of(h264, {true, 2'000, 2'000}, idr)), Verdict::goes_on) << "not repeated";
  EXPECT_EQ(rules.judge(*packet_of(h264, {true, 3'000, 3'000}, sps_b + pps + idr)), Verdict::cut);
}

}  // namespace
}  // namespace porchlight::record
