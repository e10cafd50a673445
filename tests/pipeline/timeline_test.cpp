// SPDX-License-Identifier: Apache-2.0
#include "pipeline/timeline.hpp"

#include <gtest/gtest.h>

#include "pipeline/event_instruments.hpp"

namespace porchlight::pipeline {
namespace {

event::Ring ring_at(const Clock& clock) {
  return {event::make_header(clock), "front", "", event::TriggerSource::test};
}

TEST(Timeline, KeepsTheNewestRingsFirst) {
  SimulatedClock clock;
  Timeline timeline;
  event::EventId first, last;
  for (std::size_t i = 0; i < Timeline::kept + 1; ++i) {
    const auto ring = ring_at(clock);
    if (i == 0) first = ring.header.id;
    last = ring.header.id;
    timeline.add(ring);
  }
  EXPECT_EQ(timeline.find(first), nullptr);
  EXPECT_EQ(timeline.snapshot()->size(), Timeline::kept);
  EXPECT_EQ(timeline.snapshot()->front().ring.header.id, last);
}

TEST(Timeline, LaterOutcomeOfOneMessageReplacesTheEarlier) {
  SimulatedClock clock;
  Timeline timeline;
  const auto ring = ring_at(clock);
  timeline.add(ring);
  const store::RowKey key{ring.header.id, "hook", 0};
  timeline.note_delivery(key, store::DeliveryState::pending, 1, {});
  timeline.note_delivery(key, store::DeliveryState::delivered, 2, 12.5);
  const auto deliveries = timeline.snapshot()->front().deliveries;
  ASSERT_EQ(deliveries.size(), 1U);
  EXPECT_EQ(deliveries[0].state, store::DeliveryState::delivered);
  EXPECT_EQ(deliveries[0].attempts, 2U);
  EXPECT_EQ(deliveries[0].edge_to_delivered_ms, 12.5);
}

TEST(Timeline, NamesNobodyWhoIsForgotten) {
  SimulatedClock clock;
  Timeline timeline;
  for (const auto* name : {"Anna", "Berta"}) {
    event::Sighting seen;
    seen.verdict = event::Verdict::known_person;
    seen.person = name;
    timeline.add(ring_at(clock)).answer = seen;
  }
  timeline.keep_names({"Berta"});
  const auto rings = timeline.snapshot();
  EXPECT_EQ(rings->at(0).answer->person, "Berta");
  EXPECT_EQ(rings->at(1).answer->person, "");
  EXPECT_EQ(rings->at(1).answer->verdict, event::Verdict::known_person);
}

TEST(TimeOfDay, FollowsTheTable) {
  const auto expected = [](int hour) {
    if (hour < 6 || hour >= 22) return TimeOfDay::night;
    if (hour < 12) return TimeOfDay::morning;
    return hour < 18 ? TimeOfDay::afternoon : TimeOfDay::evening;
  };
  for (int hour = 0; hour < 24; ++hour) EXPECT_EQ(time_of_day(hour), expected(hour)) << hour;
}

}  // namespace
}  // namespace porchlight::pipeline
