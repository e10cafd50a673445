// SPDX-License-Identifier: Apache-2.0
#include "porchlight/telemetry/health.hpp"

#include <gtest/gtest.h>

namespace porchlight::telemetry {
namespace {

using namespace std::chrono_literals;
using Part = Health::Part;
using PartState = Health::PartState;
constexpr Part all[] = {Part::config, Part::database, Part::model, Part::cameras, Part::api};

TEST(Health, IsReadyWithAllThreeChecks) {
  SimulatedClock clock;
  Health health(clock);
  EXPECT_FALSE(health.ready());
  health.model_loaded = true;
  health.database_connected = true;
  EXPECT_FALSE(health.ready());
  health.storage_accessible = true;
  EXPECT_TRUE(health.ready());
  health.database_connected = false;
  EXPECT_FALSE(health.ready());
}

TEST(Health, IsStartedWithEveryPart) {
  SimulatedClock clock;
  Health health(clock);
  for (const auto part : all) {
    EXPECT_EQ(health.get(part), PartState::pending);
    EXPECT_FALSE(health.started());
    health.set(part, PartState::started);
  }
  EXPECT_TRUE(health.started());
  health.set(Part::cameras, PartState::failed);
  EXPECT_FALSE(health.started());
  EXPECT_EQ(health.get(Part::cameras), PartState::failed);
}

TEST(Health, StartupTimeStandsStillOnceStarted) {
  SimulatedClock clock;
  Health health(clock);
  clock.advance(1s);
  EXPECT_DOUBLE_EQ(health.startup_seconds(), 1);
  for (const auto part : all) health.set(part, PartState::started);
  clock.advance(1s);
  EXPECT_DOUBLE_EQ(health.startup_seconds(), 2);
  clock.advance(10s);
  EXPECT_DOUBLE_EQ(health.startup_seconds(), 2);
}

TEST(Health, HasTheWordsOfTheBodies) {
  EXPECT_EQ(to_string(Part::config), "config");
  EXPECT_EQ(to_string(Part::cameras), "cameras");
  EXPECT_EQ(to_string(PartState::pending), "pending");
  EXPECT_EQ(to_string(PartState::starting), "starting");
}

}  // namespace
}  // namespace porchlight::telemetry
