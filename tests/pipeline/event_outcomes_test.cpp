// SPDX-License-Identifier: Apache-2.0
// What becomes of each event, counted once.
#include "pipeline/event_outcomes.hpp"

#include <gtest/gtest.h>

#include "pipeline/dispatcher.hpp"
#include "pipeline/store_house_fixture.hpp"
#include "porchlight/store/event_log.hpp"

namespace porchlight::pipeline {
namespace {

using namespace std::chrono_literals;

double counted(telemetry::Metrics& metrics, const char* type, const char* status) {
  return metrics.counter("pipeline_events_total", {{"event_type", type}, {"status", status}}).value();
}

struct EventOutcomesTest : StoreHouseTest {
  void SetUp() override { restart(); }

  std::size_t written() {
    auto database = store::Database::open(folder.path() / "porchlight.db", {}, nullptr);
    EXPECT_TRUE(database.ok());
    return database ? *store::EventLog(**database).count() : 0;
  }
};

TEST_F(EventOutcomesTest, WhatTheLogTakesAtOnceIsASuccess) {
  house->send(new_ring(), {});
  house->send(event::Motion{header(), "yard", {}, {}, {}}, {});
  house->settle_down();
  EXPECT_EQ(counted(metrics, "doorbell_press", "success"), 1);
  EXPECT_EQ(counted(metrics, "motion", "success"), 1);
  EXPECT_EQ(counted(metrics, "doorbell_press", "failure"), 0);
  EXPECT_EQ(counted(metrics, "doorbell_press", "dropped"), 0);
}

TEST_F(EventOutcomesTest, WhatTheLogRefusedIsAFailureAlsoWhenItIsWrittenLater) {
  change_database(folder.path(),
                  "CREATE TRIGGER refused BEFORE INSERT ON events BEGIN SELECT RAISE(ABORT, 'fault'); END");
  house->send(new_ring(), {});
  house->settle_down();
  EXPECT_EQ(counted(metrics, "doorbell_press", "failure"), 1);
  EXPECT_EQ(counted(metrics, "doorbell_press", "success"), 0);
  change_database(folder.path(), "DROP TRIGGER refused");
  house->send(new_ring(), {});
  house->settle_down();
  EXPECT_EQ(written(), 2U) << "the one that was held, too";
  EXPECT_EQ(counted(metrics, "doorbell_press", "failure"), 1);
  EXPECT_EQ(counted(metrics, "doorbell_press", "success"), 1);
}

// The store lane hangs.
TEST(EventOutcomes, WhatDoesNotFitIntoTheStoresQueueIsAFailure) {
  SimulatedClock clock;
  telemetry::Metrics metrics{telemetry::ClosedSets{}};
  Wakeup wakeup = std::move(*Wakeup::create());
  StoreQueue jobs{2, wakeup};
  auto dispatcher = std::move(*Dispatcher::create(clock, metrics, jobs, [](const event::Ring&) {}));
  constexpr int rings = 5;
  for (int i = 0; i < rings; ++i) {
    clock.advance(1ms);
    dispatcher->offer_press(event::Ring{event::make_header(clock), "front", "", event::TriggerSource::test});
  }
  std::stop_source stop;
  stop.request_stop();  // it works off what it has
  Heartbeat heartbeat{clock};
  dispatcher->run(stop.get_token(), heartbeat);
  EXPECT_EQ(jobs.size(), 2U);
  EXPECT_EQ(counted(metrics, "doorbell_press", "failure"), rings - 2);
  EXPECT_EQ(counted(metrics, "doorbell_press", "success"), 0) << "nobody has written one yet";
  EXPECT_EQ(metrics
                .counter("errors_total",
                         {{"component", "database"}, {"error_type", "resource"}, {"severity", "critical"}})
                .value(),
            rings - 2);
}

// The event lane hangs: nobody takes the presses that the button offers.
TEST(EventOutcomes, WhatDoesNotFitIntoTheLanesOwnQueueIsDropped) {
  SimulatedClock clock;
  telemetry::Metrics metrics{telemetry::ClosedSets{}};
  Wakeup wakeup = std::move(*Wakeup::create());
  constexpr int rings = 3000;
  StoreQueue jobs{2 * rings, wakeup};
  auto dispatcher = std::move(*Dispatcher::create(clock, metrics, jobs, [](const event::Ring&) {}));
  for (int i = 0; i < rings; ++i) {
    clock.advance(1ms);
    dispatcher->offer_press(event::Ring{event::make_header(clock), "front", "", event::TriggerSource::test});
  }
  const auto dropped = counted(metrics, "doorbell_press", "dropped");
  EXPECT_GT(dropped, 0);
  EXPECT_LT(dropped, rings);
  std::stop_source stop;
  stop.request_stop();
  Heartbeat heartbeat{clock};
  dispatcher->run(stop.get_token(), heartbeat);
  EXPECT_EQ(jobs.size(), rings - static_cast<std::size_t>(dropped)) << "all others went on";
  EXPECT_EQ(counted(metrics, "doorbell_press", "dropped"), dropped);
  EXPECT_EQ(counted(metrics, "doorbell_press", "failure"), 0);
}

}  // namespace
}  // namespace porchlight::pipeline
