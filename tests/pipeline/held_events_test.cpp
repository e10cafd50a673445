// SPDX-License-Identifier: Apache-2.0
#include "pipeline/held_events.hpp"

#include <gtest/gtest.h>

namespace porchlight::pipeline {
namespace {

const SimulatedClock simulated;

CommitEvent ring_with_rows(std::size_t count) {
  const event::Ring ring{event::make_header(simulated), "front", "", event::TriggerSource::test};
  CommitEvent commit{ring, {}, {}};
  for (std::size_t i = 0; i < count; ++i) {
    store::OutboxRow row;
    row.key = {ring.header.id, "hook" + std::to_string(i), 0};
    commit.rows.push_back(row);
  }
  return commit;
}

event::EventId id_of(const CommitEvent& commit) {
  return event::header_of(commit.event).id;
}

TEST(HeldEvents, DeliveredMessageIsNotWrittenToBeSentAgain) {
  HeldEvents held;
  const auto commit = ring_with_rows(2);
  held.push(commit);
  EXPECT_TRUE(held.settle({commit.rows[0].key, store::DeliveryState::delivered, 1, {}}));
  EXPECT_TRUE(
      held.settle({commit.rows[1].key, store::DeliveryState::pending, 3, WallTime{std::chrono::hours{1}}}));
  ASSERT_EQ(held.front().commit.rows.size(), 1U);
  EXPECT_EQ(held.front().commit.rows[0].key.channel_id, "hook1");
  EXPECT_EQ(held.front().commit.rows[0].attempts, 3U);
  EXPECT_EQ(held.front().commit.rows[0].next_attempt, WallTime{std::chrono::hours{1}});
}

TEST(HeldEvents, PictureAndItsMessagesWaitWithTheirEvent) {
  HeldEvents held;
  const auto commit = ring_with_rows(1);
  held.push(commit);
  auto update = commit.rows[0];
  update.key.sequence = 1;
  const auto picture = std::make_shared<const std::vector<std::uint8_t>>(3, std::uint8_t{7});
  EXPECT_TRUE(held.amend({id_of(commit), picture, {update}}));
  EXPECT_EQ(held.front().commit.rows.size(), 2U);
  EXPECT_EQ(held.front().picture, picture);
}

TEST(HeldEvents, WhatIsNotHeldIsTheDatabases) {
  HeldEvents held;
  const auto commit = ring_with_rows(1);
  EXPECT_FALSE(held.amend({id_of(commit), nullptr, {}}));
  EXPECT_FALSE(held.settle({commit.rows[0].key, store::DeliveryState::delivered, 1, {}}));
}

TEST(HeldEvents, RingsAreTheLastToGo) {
  HeldEvents held;
  const auto ring = ring_with_rows(0);
  EXPECT_TRUE(held.push(ring));
  EXPECT_TRUE(held.push(
      {event::CameraLost{event::make_header(simulated), "front", event::CameraFault::eof}, {}, {}}));
  for (std::size_t i = 2; i < HeldEvents::limit; ++i) EXPECT_TRUE(held.push(ring_with_rows(0)));
  EXPECT_FALSE(held.push(ring_with_rows(0)));  // the lost camera goes
  EXPECT_EQ(id_of(held.front().commit), id_of(ring));
  EXPECT_FALSE(held.push(ring_with_rows(0)));  // only rings are left: the oldest goes
  EXPECT_NE(id_of(held.front().commit), id_of(ring));
}

}  // namespace
}  // namespace porchlight::pipeline
