// SPDX-License-Identifier: Apache-2.0
// record: events.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "record/recording_rig.hpp"

namespace porchlight::record {
namespace {

using namespace std::chrono_literals;
using event::GapCause;
using test::RecordingRig;
using testing::IsEmpty;

struct EventsRig : RecordingRig {
  EventsRig() : RecordingRig(Mode::events) {}
  event::EventId ring(std::chrono::milliseconds ago = 0ms, bool lasts = false) {
    const auto id = event::EventId::generate(clock.wall());
    trigger(id, clock.now() - ago, lasts);
    return id;
  }
};

TEST(RecordingOfEvents, WithoutAnEventNothingIsWrittenAndNothingIsMissing) {
  EventsRig rig;
  rig.play(20s);
  rig.gone(GapCause::eof);
  rig.pause(5s);
  rig.recording->end();
  EXPECT_THAT(rig.notes, IsEmpty());
  EXPECT_THAT(rig.files(), IsEmpty());
  EXPECT_EQ(rig.gap_seconds(), 0);
}

TEST(RecordingOfEvents, BeginWithTheKeyframeAtOrBeforeThePreRollAndEndBehindThePostRoll) {
  for (const auto into_group : {0ms, 40ms, 480ms, 960ms}) {
    EventsRig rig;
    rig.play(20s + into_group);
    const auto at = rig.now_ms();
    rig.ring();
    rig.play(20s);
    const auto segments = rig.segments();
    ASSERT_EQ(segments.size(), 1U);
    EXPECT_LE(segments[0].begin_ms(), at - 8'000);
    EXPECT_GT(segments[0].begin_ms(), at - 8'000 - 1'000) << "one group of pictures at most";
    EXPECT_GE(segments[0].end_ms(), at + 5'000);
    EXPECT_LE(segments[0].end_ms(), at + 5'000 + 1'000);
    EXPECT_THAT(rig.gaps(), IsEmpty());
    const auto found = rig.scan(segments[0].file);
    EXPECT_THAT(found.faults, IsEmpty());
    EXPECT_EQ(found.duration.count(), segments[0].end_ms() - segments[0].begin_ms());
    EXPECT_FALSE(rig.recording->writing());
  }
}

// The first seconds of a run, in which the footage of the last one is looked through.
TEST(RecordingOfEvents, AnEventBeforeTheVolumeIsKnownIsRecordedOnceItIs) {
  EventsRig rig;
  auto good = std::exchange(rig.volume, [] { return Error(ErrorCode::unavailable, "not yet"); });
  rig.play(3s);
  const auto at = rig.now_ms();
  rig.ring();
  rig.play(3s);
  rig.ring();
  rig.play(1s);
  EXPECT_THAT(rig.files(), IsEmpty());
  rig.volume = good;
  rig.play(12s);
  rig.recording->end();
  ASSERT_EQ(rig.segments().size(), 1U);
  EXPECT_EQ(rig.segments()[0].begin_ms(), at - 3'000) << "from the first picture on";
  EXPECT_GE(rig.segments()[0].end_ms(), at + 3'000 + 5'000);
  EXPECT_THAT(rig.gaps(), IsEmpty());
}

TEST(RecordingOfEvents, AnEventOfARunThatNeverKnewItsVolumeIsAGap) {
  EventsRig rig;
  rig.volume = [] { return Error(ErrorCode::unavailable, "not yet"); };
  rig.play(3s);
  const auto at = rig.now_ms();
  rig.ring();
  rig.play(2s);
  rig.recording->end();
  EXPECT_THAT(rig.segments(), IsEmpty());
  ASSERT_EQ(rig.gaps().size(), 1U);
  EXPECT_EQ(rig.gaps()[0].cause, GapCause::volume);
  EXPECT_EQ(rig.gaps()[0].begin_ms(), at - 3'000);
  EXPECT_EQ(rig.gaps()[0].end_ms(), at + 2'000);
}

TEST(RecordingOfEvents, AnEventThatIsToldLateHasItsPreRollAllTheSame) {
  EventsRig rig;
  rig.play(30s);
  const auto at = rig.now_ms() - 4'000;
  rig.ring(4s);
  rig.play(5s);
  ASSERT_EQ(rig.segments().size(), 1U);
  EXPECT_LE(rig.segments()[0].begin_ms(), at - 8'000);
  EXPECT_THAT(rig.gaps(), IsEmpty());
}

TEST(RecordingOfEvents, TheNextEventGoesOnWhereTheLastFootageEnded) {
  EventsRig rig;
  rig.play(20s);
  rig.ring();
  rig.play(9s);  // the first is over at 25 or 26 s
  ASSERT_FALSE(rig.recording->writing());
  rig.ring();
  rig.play(10s);
  const auto segments = rig.segments();
  ASSERT_EQ(segments.size(), 2U);
  EXPECT_EQ(segments[1].begin, segments[0].end) << "neither twice nor not at all";
  EXPECT_THAT(rig.gaps(), IsEmpty());
}

TEST(RecordingOfEvents, AnEventWithinTheFootageOfAnotherProlongsIt) {
  EventsRig rig;
  rig.play(20s);
  rig.ring();
  rig.play(4s);
  rig.ring();
  const auto last = rig.now_ms();
  rig.play(15s);
  ASSERT_EQ(rig.segments().size(), 1U);
  EXPECT_GE(rig.segments()[0].end_ms(), last + 5'000);
  EXPECT_EQ(rig.spans().size(), 2U);
}

TEST(RecordingOfEvents, WhatLastsIsRecordedAsLongAsItLasts) {
  EventsRig rig;
  rig.play(20s);
  const auto begun = rig.clock.now();
  const auto id = rig.ring(0ms, true);
  rig.play(95s);
  EXPECT_TRUE(rig.recording->writing());
  const auto ended = rig.clock.now();
  rig.trigger(id, ended, false);
  rig.play(10s);
  EXPECT_FALSE(rig.recording->writing());
  test::expect_no_hole(rig.ledger());
  EXPECT_LE(rig.segments().front().begin, begun - 8s);
  EXPECT_GE(rig.segments().back().end, ended + 5s);
  const auto spans = rig.spans();
  ASSERT_GE(spans.size(), 4U) << "told anew every 30 s";
  for (const auto& span : spans) EXPECT_EQ(span.begin, begun - 8s);
  EXPECT_GE(spans[2].end, begun + 60s);
  EXPECT_EQ(spans.back().end, ended + 5s);
}

TEST(RecordingOfEvents, AnEndThatIsNeverToldIsNotWaitedForForEver) {
  EventsRig rig;
  rig.play(10s);
  rig.ring(0ms, true);
  rig.play(1s);
  rig.clock.advance(1h);
  rig.settle();
  rig.reconnect();
  rig.play(8s);
  EXPECT_FALSE(rig.recording->writing());
}

TEST(RecordingOfEvents, WhatWasNotInMemoryYetIsAGap) {
  EventsRig rig;
  rig.pause(2s);
  rig.play(3s);
  const auto at = rig.now_ms();
  rig.ring();
  rig.play(8s);
  const auto gaps = rig.gaps();
  ASSERT_EQ(gaps.size(), 1U);
  EXPECT_EQ(gaps[0].cause, GapCause::configuration);
  EXPECT_EQ(gaps[0].begin_ms(), 1'000) << "before the recorder began nothing was to be recorded";
  EXPECT_EQ(gaps[0].end_ms(), at - 3'000);
  EXPECT_EQ(rig.segments().at(0).begin_ms(), at - 3'000);
}

TEST(RecordingOfEvents, AnOutageCountsOnlyAsFarAsAnEventWantedIt) {
  EventsRig rig;
  rig.play(20s);
  rig.gone(GapCause::network);
  const auto gone_at = rig.now_ms();
  rig.pause(10s);
  const auto at = rig.now_ms();
  rig.ring();
  rig.pause(20s);
  EXPECT_THAT(rig.segments(), IsEmpty()) << "the camera was away all the time";
  const auto gaps = rig.gaps();
  ASSERT_EQ(gaps.size(), 1U);
  EXPECT_EQ(gaps[0].cause, GapCause::network);
  EXPECT_EQ(gaps[0].begin_ms(), std::max(gone_at, at - 8'000));
  EXPECT_EQ(gaps[0].end_ms(), at + 5'000);
  EXPECT_NEAR(rig.gap_seconds(), 13, 0.05);
}

TEST(RecordingOfEvents, ACameraThatGoesDuringAnEventLeavesAGapUpToItsEnd) {
  EventsRig rig;
  rig.play(20s);
  const auto at = rig.now_ms();
  rig.ring();
  rig.play(2s);
  rig.gone(GapCause::stalled);
  rig.pause(20s);
  ASSERT_EQ(rig.segments().size(), 1U);
  const auto gaps = rig.gaps();
  ASSERT_EQ(gaps.size(), 1U);
  EXPECT_EQ(gaps[0].begin_ms(), at + 2'000);
  EXPECT_EQ(gaps[0].end_ms(), at + 5'000);
  rig.reconnect();
  rig.play(5s);
  rig.recording->end();
  EXPECT_EQ(rig.segments().size(), 1U);
}

TEST(RecordingOfEvents, AStopDuringAnEventFinishesItsSegment) {
  EventsRig rig;
  rig.play(20s);
  rig.ring();
  rig.play(2s);
  rig.recording->end();
  ASSERT_EQ(rig.segments().size(), 1U);
  EXPECT_EQ(rig.segments()[0].end_ms(), rig.now_ms());
  EXPECT_EQ(rig.recording->accounted_until(), rig.clock.now());
}

}  // namespace
}  // namespace porchlight::record
