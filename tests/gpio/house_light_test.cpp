// SPDX-License-Identifier: Apache-2.0
#include "gpio/house_light.hpp"

#include <gtest/gtest.h>

namespace porchlight::gpio {
namespace {

using namespace std::chrono_literals;
using State = HouseLight::State;

class HouseLightTest : public ::testing::Test {
 protected:
  State after(std::chrono::nanoseconds time) const { return light.shown(then + time); }
  HouseLight light;
  const MonotonicTime then{1h};
};

event::Sighting sighting(event::Verdict verdict, bool of_ring) {
  event::Sighting made;
  made.verdict = verdict;
  if (of_ring) made.ring_id = event::EventId::generate(WallTime{});
  return made;
}

TEST_F(HouseLightTest, BeginsIdle) {
  EXPECT_EQ(after(0s), State::idle);
  EXPECT_FALSE(light.next_change(then));
}

TEST_F(HouseLightTest, ARingIsProcessedUntilItIsAnsweredOrTenSecondsAreOver) {
  light.note(LightSignal::rang, then);
  EXPECT_EQ(after(0s), State::processing);
  EXPECT_EQ(after(10s - 1ns), State::processing);
  EXPECT_EQ(after(10s), State::idle);
  EXPECT_EQ(light.next_change(then), then + 10s);
  light.note(LightSignal::unanswered, then + 2s);
  EXPECT_EQ(after(2s), State::idle);
}

TEST_F(HouseLightTest, WhoIsThereIsShownForTenSeconds) {
  light.note(LightSignal::rang, then);
  light.note(LightSignal::known, then + 1s);
  EXPECT_EQ(after(1s), State::known);
  EXPECT_EQ(after(11s - 1ns), State::known);
  EXPECT_EQ(after(11s), State::idle);
}

TEST_F(HouseLightTest, UnknownGoesBeforeKnownAndAlertBeforeBoth) {
  light.note(LightSignal::unknown, then);
  light.note(LightSignal::known, then);
  EXPECT_EQ(after(1s), State::unknown);
  light.note(LightSignal::blacklisted, then + 2s);
  EXPECT_EQ(after(2s), State::alert);
  light.note(LightSignal::rang, then + 3s);
  EXPECT_EQ(after(3s), State::alert);
  EXPECT_EQ(after(62s - 1ns), State::alert);
  EXPECT_EQ(after(62s), State::idle);
}

TEST_F(HouseLightTest, TheNextRingEndsWhatWasShownOfTheOneBefore) {
  light.note(LightSignal::unknown, then);
  light.note(LightSignal::rang, then + 1s);
  EXPECT_EQ(after(1s), State::processing);
}

TEST_F(HouseLightTest, AnAlarmDoesNotAnswerARing) {
  light.note(LightSignal::rang, then);
  light.note(LightSignal::alarm, then);
  EXPECT_EQ(after(0s), State::alert);
  light.note(LightSignal::none, then);
  EXPECT_EQ(light.next_change(then), then + 10s) << "the ring still waits";
}

TEST_F(HouseLightTest, AFaultIsShownAsLongAsItLastsAndGivesWayToAVisitor) {
  light.set_error(true);
  EXPECT_EQ(after(0s), State::error);
  EXPECT_EQ(after(1000h), State::error);
  light.note(LightSignal::rang, then);
  EXPECT_EQ(after(0s), State::processing);
  EXPECT_EQ(after(10s), State::error);
  light.set_error(false);
  EXPECT_EQ(after(10s), State::idle);
}

TEST(LightSignals, EveryEventMeansWhatTheTableSays) {
  using event::Verdict;
  EXPECT_EQ(signal_of(event::Ring{}), LightSignal::rang);
  for (const bool of_ring : {true, false}) {
    EXPECT_EQ(signal_of(sighting(Verdict::known_person, of_ring)), LightSignal::known);
    EXPECT_EQ(signal_of(sighting(Verdict::unknown_person, of_ring)), LightSignal::unknown);
    EXPECT_EQ(signal_of(sighting(Verdict::blacklist_match, of_ring)), LightSignal::blacklisted);
    const auto nobody = of_ring ? LightSignal::unanswered : LightSignal::none;
    EXPECT_EQ(signal_of(sighting(Verdict::no_face, of_ring)), nobody);
    EXPECT_EQ(signal_of(sighting(Verdict::error, of_ring)), nobody);
  }
  EXPECT_EQ(signal_of(event::Security{}), LightSignal::alarm);
  event::Alert alert;
  alert.severity = "critical";
  EXPECT_EQ(signal_of(alert), LightSignal::alarm);
  alert.firing = false;
  EXPECT_EQ(signal_of(alert), LightSignal::none);
  alert.firing = true;
  alert.severity = "high";
  EXPECT_EQ(signal_of(alert), LightSignal::none);
  EXPECT_EQ(signal_of(event::CameraLost{}), LightSignal::none) << "faults are looked at, not told";
}

}  // namespace
}  // namespace porchlight::gpio
