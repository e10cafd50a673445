// SPDX-License-Identifier: Apache-2.0
#include "notify/delivery_queue.hpp"

#include <gtest/gtest.h>

namespace porchlight::notify {
namespace {

using namespace std::chrono_literals;
using store::DeliveryState;

struct DeliveryQueueTest : testing::Test {
  LaneOptions options;
  SimulatedClock clock;
  DeliveryQueue queue{options, clock};

  Message message(const event::EventId& id, std::uint32_t sequence = 0) {
    Message out;
    out.row.key = {id, "hook", sequence};
    out.row.created = out.row.next_attempt = clock.wall();
    out.row.expires = clock.wall() + 1h;
    return out;
  }
  event::EventId new_id() {
    clock.advance(1ms);  // ids of one millisecond have no order
    return event::EventId::generate(clock.wall());
  }
  Outcome fail(DeliveryQueue::Entry& entry, std::optional<std::chrono::milliseconds> after = std::nullopt) {
    ++entry.attempts;
    return queue.postpone(entry, after);
  }
  store::RowKey next_key() {
    auto* entry = queue.next();
    return entry == nullptr ? store::RowKey{} : entry->message.row.key;
  }
};

TEST_F(DeliveryQueueTest, UpdateWaitsForItsRingWhileOtherEventsPass) {
  const auto first = new_id();
  const auto second = new_id();
  queue.add(message(first, 1));
  queue.add(message(first, 0));
  queue.add(message(second, 0));
  auto* entry = queue.next();
  ASSERT_NE(entry, nullptr);
  EXPECT_EQ(entry->message.row.key, (store::RowKey{first, "hook", 0}));
  fail(*entry);
  EXPECT_EQ(next_key(), (store::RowKey{second, "hook", 0})) << "another event waits for a failing one";
  queue.settle(*queue.next(), DeliveryState::delivered);
  EXPECT_EQ(queue.next(), nullptr) << "the update overtook its ring";
  clock.advance(10s);
  queue.settle(*queue.next(), DeliveryState::failed);
  EXPECT_EQ(next_key(), (store::RowKey{first, "hook", 1})) << "the update died with its ring";
}

TEST_F(DeliveryQueueTest, MakesRoomByTheRepeatThatIsDueLast) {
  const auto soon = new_id();
  const auto late = new_id();
  const auto fresh = new_id();
  queue.add(message(soon));
  queue.add(message(late));
  fail(*queue.next());         // the back-off of a first failure
  fail(*queue.next(), 10min);  // the receiver named a time
  queue.add(message(fresh));
  EXPECT_TRUE(queue.make_room(0s, new_id()));
  EXPECT_EQ(queue.size(), 2U);
  EXPECT_EQ(next_key(), (store::RowKey{fresh, "hook", 0}));
  queue.settle(*queue.next(), DeliveryState::delivered);
  clock.advance(1h - 1min);
  EXPECT_EQ(next_key(), (store::RowKey{soon, "hook", 0}));
  queue.settle(*queue.next(), DeliveryState::delivered);
  EXPECT_FALSE(queue.can_make_room());
  EXPECT_FALSE(queue.make_room(0s, new_id()));
  queue.add(message(new_id()));
  EXPECT_FALSE(queue.can_make_room());
  EXPECT_FALSE(queue.make_room(0s, new_id())) << "a message that was never tried went";
}

TEST_F(DeliveryQueueTest, RoomForWhatWaitsIsMadeByWhatWaitsLongerOnly) {
  const auto id = new_id();
  queue.add(message(id));
  queue.add(message(id, 1));
  fail(*queue.next(), 5min);
  EXPECT_FALSE(queue.make_room(6min, new_id()));
  EXPECT_EQ(queue.size(), 2U);
  EXPECT_TRUE(queue.make_room(4min, new_id()));
  EXPECT_EQ(queue.size(), 0U) << "an update was left behind and would overtake its ring";
}

TEST_F(DeliveryQueueTest, WhatWaitedBecauseItFailedIsDueWhenTheOtherSideAnswers) {
  const auto failed = new_id();
  const auto named = new_id();
  queue.add(message(failed));
  queue.add(message(named));
  fail(*queue.next());
  fail(*queue.next(), 5min);
  EXPECT_EQ(queue.next(), nullptr);
  queue.release();
  EXPECT_EQ(next_key().event_id, failed);
  queue.settle(*queue.next(), DeliveryState::delivered);
  EXPECT_EQ(queue.next(), nullptr) << "the server's own time does not count";
}

TEST_F(DeliveryQueueTest, WhatWaitedGoesOutInTheOrderOfTheEventsAndOnceAndBehindWhoRingsNow) {
  std::vector<event::EventId> rings;
  std::optional<Message> on_its_way;  // from the dispatcher, or from the outbox
  for (int i = 0; i < 6; ++i) {
    rings.push_back(new_id());
    if (i == 4) {
      on_its_way = message(rings.back());
      continue;
    }
    queue.add(message(rings.back()));
    if (i < 3) fail(*queue.next());  // the others come while the channel is left alone
  }
  clock.advance(10min);
  EXPECT_EQ(next_key().event_id, rings[3]) << "a repeat went before a first attempt without an answer";
  queue.release();
  const auto fresh = new_id();
  queue.add(message(fresh));
  queue.add(*on_its_way);
  EXPECT_EQ(next_key().event_id, fresh) << "who stands at the door waits for a row of old rings";
  queue.settle(*queue.next(), DeliveryState::delivered);
  EXPECT_EQ(next_key().event_id, rings[0]);
  fail(*queue.next());  // this one is dead, whatever the channel does
  clock.advance(10s);
  for (int i = 1; i < 6; ++i) {
    EXPECT_EQ(next_key().event_id, rings[static_cast<std::size_t>(i)]);
    queue.settle(*queue.next(), DeliveryState::delivered);
  }
  const auto later = new_id();
  queue.add(message(later));
  EXPECT_EQ(next_key().event_id, later) << "a dead message delays a new one";
}

TEST_F(DeliveryQueueTest, RingGoesBeforeWhatALaneFetchesWhenItStarts) {
  std::vector<Message> stored;
  for (int i = 0; i < 3; ++i) stored.push_back(message(new_id()));
  DeliveryQueue started(options, clock);
  for (const auto& waited : stored) started.add(waited);
  const auto fresh = message(new_id());
  started.add(fresh);
  EXPECT_EQ(started.next()->message.row.key, fresh.row.key);
}

TEST_F(DeliveryQueueTest, EscalationWhoseTimeComesWhileOldRingsGoOutGoesBeforeThem) {
  const auto old = new_id();
  queue.add(message(old));
  auto escalation = message(new_id(), store::first_escalation);
  escalation.row.next_attempt += 1min;
  queue.add(escalation);
  queue.release();
  EXPECT_EQ(next_key().event_id, old);
  clock.advance(1min);
  EXPECT_EQ(next_key(), escalation.row.key);
}

TEST_F(DeliveryQueueTest, FirstAttemptGoesBeforeRepeatsThatAreDueLonger) {
  for (int i = 0; i < 3; ++i) queue.add(message(new_id()));
  for (int i = 0; i < 3; ++i) fail(*queue.next());
  clock.advance(10min);
  const auto fresh = new_id();
  queue.add(message(fresh));
  EXPECT_EQ(next_key().event_id, fresh);
}

TEST_F(DeliveryQueueTest, BackoffDoublesFromAboutASecondToFiveMinutesWithJitter) {
  auto row = message(new_id());
  row.row.expires = clock.wall() + 1000h;
  queue.add(row);
  std::chrono::nanoseconds full = 1s;
  bool differs = false;
  for (int attempt = 1; attempt < 30; ++attempt) {
    auto* entry = queue.next();
    ASSERT_NE(entry, nullptr);
    const auto outcome = fail(*entry);
    const auto wait = entry->due - clock.now();
    EXPECT_GE(wait, full / 2) << attempt;
    EXPECT_LE(wait, full) << attempt;
    EXPECT_EQ(outcome.state, DeliveryState::pending);
    EXPECT_EQ(outcome.attempts, static_cast<std::uint32_t>(attempt));
    EXPECT_EQ(outcome.next_attempt - clock.wall(), wait);
    differs = differs || wait != full;
    EXPECT_EQ(queue.next(), nullptr);
    EXPECT_EQ(*queue.next_due() - clock.now(), wait);
    clock.advance(wait);
    full = std::min<std::chrono::nanoseconds>(full * 2, 5min);
  }
  EXPECT_TRUE(differs) << "no jitter";
}

TEST_F(DeliveryQueueTest, RetryAfterLengthensTheWaitUpToItsCapAndNeverShortensIt) {
  queue.add(message(new_id()));
  auto* entry = queue.next();
  fail(*entry, 40s);
  EXPECT_EQ(entry->due - clock.now(), 40s);
  fail(*entry, 0s);
  EXPECT_GE(entry->due - clock.now(), 1s);
  fail(*entry, 24h);
  EXPECT_EQ(entry->due - clock.now(), options.longest_retry_after);
}

TEST_F(DeliveryQueueTest, MessageExpiresAtItsTimeEvenWhileItWaits) {
  const auto id = new_id();
  queue.add(message(id));
  queue.add(message(id, 1));
  fail(*queue.next(), 9min);
  clock.advance(59min);
  EXPECT_EQ(queue.next_expired(), nullptr);
  clock.advance(1min);
  auto* first = queue.next_expired();
  ASSERT_NE(first, nullptr);
  const auto outcome = queue.settle(*first, DeliveryState::expired);
  EXPECT_EQ(outcome.state, DeliveryState::expired);
  EXPECT_EQ(outcome.at, clock.wall());
  ASSERT_NE(queue.next_expired(), nullptr);
  queue.settle(*queue.next_expired(), DeliveryState::expired);
  EXPECT_EQ(queue.size(), 0U);
  EXPECT_EQ(queue.next_due(), std::nullopt);
  EXPECT_EQ(queue.next_expiry(), std::nullopt);
}

TEST_F(DeliveryQueueTest, WhatIsHeldOrJustSettledIsNotTakenAgain) {
  const auto id = new_id();
  queue.add(message(id));
  queue.add(message(id));
  EXPECT_EQ(queue.size(), 1U);
  queue.settle(*queue.next(), DeliveryState::delivered);
  queue.add(message(id));
  EXPECT_EQ(queue.size(), 0U) << "a delivered message would be sent twice";
}

TEST_F(DeliveryQueueTest, RowFromTheOutboxKeepsItsAttemptsAndItsWait) {
  auto row = message(new_id());
  row.row.attempts = 4;
  row.row.next_attempt = clock.wall() + 30s;
  queue.add(row);
  EXPECT_EQ(queue.next(), nullptr);
  clock.advance(30s);
  auto* entry = queue.next();
  ASSERT_NE(entry, nullptr);
  EXPECT_EQ(entry->attempts, 4U);
  const auto outcome = fail(*entry);
  EXPECT_EQ(outcome.attempts, 5U);
  EXPECT_GE(outcome.next_attempt - clock.wall(), 8s);

  auto far = message(new_id());
  far.row.next_attempt = clock.wall() + 24h * 365;  // written under a clock that was wrong
  far.row.expires = far.row.next_attempt + 1h;
  queue.add(far);
  clock.advance(options.longest_retry_after);
  EXPECT_NE(queue.next(), nullptr);
}

TEST_F(DeliveryQueueTest, HoldsNoMoreThanItMay) {
  for (std::size_t i = 0; i < options.most_waiting; ++i) {
    ASSERT_TRUE(queue.has_room());
    queue.add(message(new_id()));
  }
  EXPECT_FALSE(queue.has_room());
}

}  // namespace
}  // namespace porchlight::notify
