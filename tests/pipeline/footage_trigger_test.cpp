// SPDX-License-Identifier: Apache-2.0
#include "pipeline/footage_trigger.hpp"

#include <gtest/gtest.h>

namespace porchlight::pipeline {
namespace {

using namespace std::chrono_literals;

event::Header header_of(SimulatedClock& clock) {
  return event::make_header(clock);
}

TEST(FootageTrigger, RingsAndSightingsAreInstants) {
  SimulatedClock clock;
  event::Ring ring;
  ring.header = header_of(clock);
  ring.camera_id = "front";
  const auto wanted = trigger_of(ring, clock.now() + 1s);
  ASSERT_TRUE(wanted);
  EXPECT_EQ(wanted->event, ring.header.id);
  EXPECT_EQ(wanted->at, ring.header.edge) << "the edge, not when it was told";
  EXPECT_FALSE(wanted->lasts);
  event::Sighting sighting;
  sighting.header = header_of(clock);
  EXPECT_FALSE(trigger_of(sighting, clock.now())->lasts);
}

TEST(FootageTrigger, MotionLastsUntilItsEnd) {
  SimulatedClock clock;
  event::Motion motion;
  motion.header = header_of(clock);
  const auto begun = trigger_of(motion, clock.now());
  ASSERT_TRUE(begun);
  EXPECT_TRUE(begun->lasts);
  clock.advance(20s);
  motion.ended = motion.header.at + 12s;
  const auto ended = trigger_of(motion, clock.now());
  EXPECT_EQ(ended->event, begun->event);
  EXPECT_EQ(ended->at, motion.header.edge + 12s);
  EXPECT_FALSE(ended->lasts);
}

TEST(FootageTrigger, AClockThatWasSetDoesNotMoveTheEndOutOfTheMotion) {
  SimulatedClock clock;
  event::Motion motion;
  motion.header = header_of(clock);
  clock.advance(20s);
  motion.ended = motion.header.at + 24h;
  EXPECT_EQ(trigger_of(motion, clock.now())->at, clock.now());
  motion.ended = motion.header.at - 24h;
  EXPECT_EQ(trigger_of(motion, clock.now())->at, motion.header.edge);
}

TEST(FootageTrigger, NothingElseWantsFootage) {
  SimulatedClock clock;
  EXPECT_FALSE(trigger_of(event::CameraLost{}, clock.now()));
  EXPECT_FALSE(trigger_of(event::CameraBack{}, clock.now()));
  EXPECT_FALSE(trigger_of(event::ButtonTrouble{}, clock.now()));
  EXPECT_FALSE(trigger_of(event::Security{}, clock.now()));
  EXPECT_FALSE(trigger_of(event::Alert{}, clock.now()));
}

}  // namespace
}  // namespace porchlight::pipeline
