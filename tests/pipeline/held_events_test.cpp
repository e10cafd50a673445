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

TEST(HeldEvents, DeliveredMessageIsWrittenAsThatAndNotSentAgain) {
  HeldEvents held;
  const auto commit = ring_with_rows(3);
  held.push(commit);
  const WallTime later{std::chrono::hours{1}};
  EXPECT_TRUE(held.settle({commit.rows[0].key, store::DeliveryState::delivered, 1, later, "m1"}));
  EXPECT_TRUE(held.settle({commit.rows[1].key, store::DeliveryState::pending, 3, later, "", "busy"}));
  EXPECT_TRUE(held.settle({commit.rows[2].key, store::DeliveryState::failed, 1, later, "", "gone"}));
  const auto& rows = held.front().commit.rows;
  ASSERT_EQ(rows.size(), 3U);
  EXPECT_EQ(rows[0].state, store::DeliveryState::delivered);
  EXPECT_EQ(rows[0].receipt, "m1");
  EXPECT_EQ(rows[0].settled, later);
  EXPECT_EQ(rows[1].state, store::DeliveryState::pending);
  EXPECT_EQ(rows[1].attempts, 3U);
  EXPECT_EQ(rows[1].next_attempt, later);
  EXPECT_EQ(rows[1].error, "busy");
  EXPECT_EQ(rows[2].state, store::DeliveryState::failed);
  EXPECT_EQ(rows[2].error, "gone");
}

TEST(HeldEvents, AcknowledgedEscalationIsWrittenAsWithdrawn) {
  HeldEvents held;
  auto commit = ring_with_rows(3);
  for (const std::size_t i : {1U, 2U}) {
    commit.rows[i].key.sequence = store::first_escalation;
    commit.rows[i].payload = R"({"escalation":true})";
  }
  held.push(commit);
  held.settle({commit.rows[2].key, store::DeliveryState::delivered, 1, {}});
  EXPECT_EQ(held.withdraw(id_of(commit), WallTime{}), 1U);
  EXPECT_EQ(held.front().commit.rows[0].state, store::DeliveryState::pending);
  EXPECT_EQ(held.front().commit.rows[1].state, store::DeliveryState::cancelled);
  EXPECT_EQ(held.front().commit.rows[2].state, store::DeliveryState::delivered);
  EXPECT_EQ(held.withdraw(id_of(ring_with_rows(0)), WallTime{}), std::nullopt);
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

TEST(HeldEvents, MotionThatEndsMeanwhileIsWrittenWhole) {
  HeldEvents held;
  event::Motion motion{event::make_header(simulated), "yard", {}, {}, {}};
  EXPECT_FALSE(held.complete(motion)) << "what is not held is the database's";
  held.push({motion, {}, {}});
  motion.ended = motion.header.at;
  EXPECT_TRUE(held.complete(motion));
  EXPECT_TRUE(std::get<event::Motion>(held.front().commit.event).ended);
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
