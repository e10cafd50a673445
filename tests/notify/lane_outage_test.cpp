// SPDX-License-Identifier: Apache-2.0
// A lane whose other side fails, in simulated time: nothing here waits.
#include <gmock/gmock.h>

#include <condition_variable>
#include <mutex>
#include <thread>

#include "notify/lane_fixture.hpp"
#include "porchlight/notify/answers.hpp"

namespace porchlight::notify {
namespace {

using testing::ElementsAre;
using testing::Pair;

struct LaneOutage : LaneFixture {};

TEST_F(LaneOutage, DeadChannelCostsOneAttemptAMinuteHoweverManyRing) {
  script.answer = [](const Message&) { return unreachable(); };
  for (int i = 0; i < 5; ++i) ring();
  pass(1s);
  EXPECT_TRUE(lane->open());
  const auto before = script.seen.size();
  EXPECT_LE(before, 6U);
  for (int second = 0; second < 1800; ++second) {
    if (second % 10 == 0) ring();
    pass(1s);
  }
  EXPECT_GE(script.seen.size(), before + 28);
  EXPECT_LE(script.seen.size(), before + 30) << "half an hour has thirty minutes";
  for (std::size_t i = before + 1; i < script.seen.size(); ++i)
    EXPECT_GE(script.seen[i].at - script.seen[i - 1].at, 60s) << i;
  EXPECT_EQ(metric(R"(notification_attempts_total{channel="webhook",result="retry"})"),
            static_cast<double>(script.seen.size()));
  EXPECT_EQ(metric(R"(notification_attempts_total{channel="webhook",result="delivered"})"), 0);
}

TEST_F(LaneOutage, EverythingGoesAtOnceInOrderWhenItAnswersAgain) {
  bool dead = true;
  script.answer = [&](const Message&) { return dead ? unreachable() : Delivery::delivered(); };
  std::vector<event::EventId> rings;
  for (int i = 0; i < 20; ++i) {
    rings.push_back(ring());
    pass(10s);
  }
  ASSERT_TRUE(lane->open());
  dead = false;
  const auto before = script.seen.size();
  const auto healed = clock.now();
  pass(60s);
  EXPECT_FALSE(lane->open());
  ASSERT_EQ(settled().size(), rings.size()) << "some wait longer than for the probe";
  std::vector<event::EventId> order;
  std::set<event::EventId> tried;
  for (std::size_t i = 0; i < before; ++i) tried.insert(script.seen[i].key.event_id);
  EXPECT_FALSE(tried.empty());
  EXPECT_LT(tried.size(), rings.size());
  for (std::size_t i = before; i < script.seen.size(); ++i) {
    EXPECT_LE(script.seen[i].at - healed, 60s);
    EXPECT_EQ(script.seen[i].at, script.seen[before].at) << "not at once";
    order.push_back(script.seen[i].key.event_id);
  }
  // The first is the one by which the lane saw that somebody answers.
  ASSERT_EQ(order.size(), rings.size());
  EXPECT_TRUE(std::is_sorted(order.begin() + 1, order.end()));
}

// As with mail: each attempt takes seconds, and somebody rings while the letters of an hour go out.
TEST_F(LaneOutage, RingIsNotLateBecauseOldOnesGoOut) {
  bool dead = true;
  std::optional<event::EventId> fresh;
  int delivered = 0;
  script.answer = [&](const Message&) {
    if (dead) return unreachable();
    clock.advance(3s);
    if (++delivered == 5) fresh = ring();
    return Delivery::delivered();
  };
  for (int i = 0; i < 30; ++i) {
    ring();
    pass(10s);
  }
  dead = false;
  const auto before = script.seen.size();
  pass(5min);
  ASSERT_TRUE(fresh);
  ASSERT_EQ(script.seen.size(), before + 31);
  EXPECT_EQ(script.seen[before + 5].key.event_id, *fresh) << "others went between";
  std::vector<event::EventId> old;
  for (auto i = before; i < script.seen.size(); ++i)
    if (script.seen[i].key.event_id != *fresh) old.push_back(script.seen[i].key.event_id);
  EXPECT_TRUE(std::is_sorted(old.begin() + 1, old.end()))
      << "but for the one by which the lane saw an answer";
}

TEST_F(LaneOutage, RefusalIsAnAnswer) {
  int left = 5;
  script.answer = [&](const Message&) {
    return left-- > 0 ? unreachable() : Delivery::rejected(ErrorCode::invalid_argument, "404");
  };
  for (int i = 0; i < 8; ++i) ring();
  pass(1s);
  ASSERT_TRUE(lane->open());
  pass(61s);
  EXPECT_FALSE(lane->open());
  EXPECT_EQ(settled().size(), 8U);
  EXPECT_EQ(metric(R"(notification_attempts_total{channel="webhook",result="rejected"})"), 8);
  EXPECT_EQ(metric(R"(notifications_sent_total{channel="webhook",status="failure",type="doorbell_press"})"),
            8);
}

TEST_F(LaneOutage, SuccessBetweenFailuresKeepsItClosed) {
  int attempt = 0;
  script.answer = [&](const Message&) { return ++attempt % 5 != 0 ? unreachable() : Delivery::delivered(); };
  for (int i = 0; i < 30; ++i) ring();
  for (int i = 0; i < 100; ++i) {
    pass(1s);
    EXPECT_FALSE(lane->open());
  }
}

TEST_F(LaneOutage, RetryAfterOfTheServerLengthensThePauseUpToItsCap) {
  std::chrono::milliseconds named = 3min;
  script.answer = [&](const Message&) { return Delivery::retry(ErrorCode::unavailable, "429", named); };
  for (int i = 0; i < 5; ++i) ring();
  pass(1s);
  ASSERT_TRUE(lane->open());
  for (int i = 0; i < 3; ++i) ring();
  pass(178s);
  EXPECT_EQ(script.seen.size(), 5U);
  named = 24h;
  pass(2s);
  EXPECT_EQ(script.seen.size(), 6U);
  pass(9min);
  EXPECT_EQ(script.seen.size(), 6U);
  pass(61s);
  EXPECT_EQ(script.seen.size(), 7U);
}

TEST_F(LaneOutage, MessagesExpireWhileItIsOpenAndKeepTheServersWords) {
  script.answer = [](const Message&) { return unreachable(); };
  for (int i = 0; i < 10; ++i) ring();
  pass(1h + 1s);
  EXPECT_TRUE(lane->open());
  const auto ended = settled();
  ASSERT_EQ(ended.size(), 10U);
  for (const auto& outcome : ended) EXPECT_EQ(outcome.state, DeliveryState::expired);
  EXPECT_EQ(outcomes.front().error, "no route");
  EXPECT_EQ(metric(R"(notifications_sent_total{channel="webhook",status="failure",type="doorbell_press"})"),
            10);
  EXPECT_EQ(metric(R"(notification_delivery_duration_seconds_count{channel="webhook"})"), 10);
}

TEST_F(LaneOutage, CountsOfAMessageThatArrivesAtTheThirdAttempt) {
  int left = 2;
  script.answer = [&](const Message&) { return left-- > 0 ? unreachable() : Delivery::delivered("m1"); };
  ring();
  pass(10s);
  ASSERT_EQ(settled().size(), 1U);
  EXPECT_EQ(settled()[0].state, DeliveryState::delivered);
  EXPECT_EQ(settled()[0].receipt, "m1");
  EXPECT_EQ(settled()[0].attempts, 3U);
  EXPECT_EQ(metric(R"(notification_attempts_total{channel="webhook",result="retry"})"), 2);
  EXPECT_EQ(metric(R"(notification_attempts_total{channel="webhook",result="delivered"})"), 1);
  EXPECT_EQ(metric(R"(notification_retries_total{channel="webhook"})"), 2);
  EXPECT_EQ(metric(R"(notifications_sent_total{channel="webhook",status="success",type="doorbell_press"})"),
            1);
  EXPECT_EQ(metric(R"(doorbell_ring_to_notification_seconds_count{channel="webhook"})"), 1);
  // Back-offs of 0.5 to 1 s and of 1 to 2 s.
  const auto took = metric(R"(notification_delivery_duration_seconds_sum{channel="webhook"})");
  EXPECT_GE(took, 1.5);
  EXPECT_LE(took, 3.1);
}

TEST_F(LaneOutage, LaterMessagesKnowWhatTheEarlierAreCalled) {
  script.answer = [](const Message& message) {
    return Delivery::delivered("m" + std::to_string(message.row.key.sequence));
  };
  const auto id = ring();
  pass(1s);
  ASSERT_TRUE(lane->push(message(id, 2)));
  pass(1s);
  ASSERT_EQ(script.seen.size(), 2U);
  EXPECT_THAT(script.seen[1].receipts, ElementsAre(Pair(0, "m0")));
  // By way of the outbox, in a process that has delivered nothing of it.
  lane = make();
  auto reloaded = message(id, first_answer);
  reloaded.reloaded = true;
  reloaded.receipts = {{0, "m0"}, {2, "m2"}};
  ASSERT_TRUE(lane->push(reloaded));
  pass(1s);
  ASSERT_EQ(script.seen.size(), 3U);
  EXPECT_THAT(script.seen[2].receipts, ElementsAre(Pair(0, "m0"), Pair(2, "m2")));
}

TEST_F(LaneOutage, LaneThatReplacesAnotherRemembersWhatThatKnew) {
  script.answer = [](const Message&) { return Delivery::delivered("m"); };
  const auto id = ring();
  const auto acknowledged = ring();
  pass(1s);
  ASSERT_TRUE(lane->withdraw(acknowledged));
  pass(1s);
  auto next = make();
  next->inherit(*lane);
  lane = std::move(next);
  ASSERT_TRUE(lane->push(message(id)));
  ASSERT_TRUE(lane->push(message(id, 1)));
  ASSERT_TRUE(lane->push(escalation(acknowledged, 1min)));
  pass(2min);
  ASSERT_EQ(script.seen.size(), 3U) << "the ring went twice, or the escalation went";
  EXPECT_EQ(script.seen[2].key.sequence, 1U);
  EXPECT_THAT(script.seen[2].receipts, ElementsAre(Pair(0, "m")));
}

TEST_F(LaneOutage, UpdateWhoseRingWasRefusedWaitsForItInTheOutbox) {
  options.queue_capacity = 2;
  lane = make();
  ring();
  ring();
  const auto id = new_id();
  ASSERT_FALSE(lane->push(message(id)));
  pass(10ms);
  EXPECT_EQ(script.seen.size(), 2U);
  EXPECT_EQ(reloads, 1);
  ASSERT_TRUE(lane->push(message(id, 1)));  // the store has not answered the reload yet
  pass(10ms);
  EXPECT_EQ(script.seen.size(), 2U) << "the update overtook its ring";
  EXPECT_EQ(reloads, 2);
  for (const std::uint32_t sequence : {0U, 1U}) {
    auto reloaded = message(id, sequence);
    reloaded.reloaded = true;
    ASSERT_TRUE(lane->push(reloaded));
  }
  pass(10ms);
  ASSERT_EQ(script.seen.size(), 4U);
  EXPECT_EQ(script.seen[2].key.sequence, 0U);
  EXPECT_EQ(script.seen[3].key.sequence, 1U);
}

TEST_F(LaneOutage, UpdateThatIsTheFirstOfItsEventGoesAtOnce) {
  ASSERT_TRUE(lane->push(message(new_id(), 2)));
  pass(1ms);
  EXPECT_EQ(script.seen.size(), 1U);
  EXPECT_EQ(reloads, 0);
}

TEST_F(LaneOutage, FreshRingIsTriedThoughTheLaneIsFullOfRepeatsAndReloadsStayFew) {
  options.most_waiting = 8;
  options.failures_to_open = 1000;
  lane = make();
  script.answer = [](const Message&) { return unreachable(); };
  for (int i = 0; i < 8; ++i) ring();
  pass(2min);
  const auto fresh = ring();
  const auto before = script.seen.size();
  pass(1ms);
  ASSERT_GT(script.seen.size(), before);
  EXPECT_EQ(script.seen[before].key.event_id, fresh);
  // The outbox has one more than fits: that must not keep the store busy.
  reloads = 0;
  pass(1min);
  EXPECT_LE(reloads, 61);
}

TEST_F(LaneOutage, PicturesThatWaitAreBoundedByTheirBytes) {
  options.most_picture_bytes = 10'000;
  lane = make();
  script.answer = [](const Message&) { return unreachable(); };
  const auto picture = std::make_shared<const std::vector<std::uint8_t>>(4000, std::uint8_t{1});
  int taken = 0;
  for (int i = 0; i < 10; ++i) {
    auto with = message(new_id());
    with.picture = picture;
    taken += lane->push(std::move(with)) ? 1 : 0;
  }
  EXPECT_EQ(taken, 3) << "what waits to be taken over";
  pass(10ms);
  EXPECT_LE(picture.use_count(), 1 + 4) << "what is held";
}

TEST_F(LaneOutage, EscalationGoesAtItsTimeAndNotBefore) {
  const auto id = ring();
  ASSERT_TRUE(lane->push(escalation(id, 15min)));
  pass(14min + 59s);
  EXPECT_EQ(script.seen.size(), 1U);
  pass(2s);
  EXPECT_EQ(script.seen.size(), 2U);
  EXPECT_TRUE(lane->withdraw(id)) << "too late: it has left";
  pass(1s);
  EXPECT_EQ(settled().back().state, DeliveryState::delivered);
}

TEST_F(LaneOutage, AcknowledgedEscalationNeverLeaves) {
  const auto acknowledged = ring();
  const auto other = ring();
  ASSERT_TRUE(lane->push(escalation(acknowledged, 5min)));
  ASSERT_TRUE(lane->push(escalation(other, 5min)));
  pass(1min);
  ASSERT_TRUE(lane->withdraw(acknowledged));
  pass(1s);
  ASSERT_EQ(settled().size(), 3U);
  EXPECT_EQ(settled()[2].state, DeliveryState::cancelled);
  EXPECT_EQ(settled()[2].key, (store::RowKey{acknowledged, "hook", store::first_escalation}));
  // The outbox may hand it over once more before it knows.
  auto again = escalation(acknowledged, 0s);
  again.reloaded = true;
  ASSERT_TRUE(lane->push(again));
  pass(1h);
  ASSERT_EQ(script.seen.size(), 3U);
  EXPECT_EQ(script.seen[2].key.event_id, other);
  EXPECT_EQ(metric(R"(notifications_sent_total{channel="webhook",status="failure",type="doorbell_press"})"),
            0)
      << "a withdrawn message is no failure";
}

TEST_F(LaneOutage, WithdrawalThatComesBeforeItsEscalationHoldsToo) {
  const auto id = new_id();
  ASSERT_TRUE(lane->withdraw(id));
  pass(1ms);
  ASSERT_TRUE(lane->push(escalation(id, 1min)));
  ASSERT_TRUE(lane->push(message(id)));
  pass(1h);
  ASSERT_EQ(script.seen.size(), 1U) << "only what escalates is withdrawn";
  EXPECT_EQ(script.seen[0].key.sequence, 0U);
  EXPECT_EQ(settled().size(), 2U);
}

TEST_F(LaneOutage, DeadLetterThatIsSentAgainIsTakenThoughItWasJustSettled) {
  bool refuses = true;
  script.answer = [&](const Message&) {
    return refuses ? Delivery::rejected(ErrorCode::invalid_argument, "no such chat\n")
                   : Delivery::delivered();
  };
  const auto id = ring();
  pass(1s);
  ASSERT_EQ(settled().size(), 1U);
  EXPECT_EQ(settled()[0].error, "no such chat ");
  auto again = message(id);
  again.reloaded = true;
  ASSERT_TRUE(lane->push(again));
  pass(1s);
  EXPECT_EQ(script.seen.size(), 1U) << "the store had not seen yet that it is settled";
  refuses = false;
  again.row.resent = 1;
  ASSERT_TRUE(lane->push(again));
  pass(1s);
  EXPECT_EQ(script.seen.size(), 2U);
  EXPECT_EQ(settled().back().state, DeliveryState::delivered);
}

// Two lanes share no thread and no lock: one that hangs for good cannot be noticed by the other.
TEST(LanesApart, ChannelThatHangsDelaysNoOther) {
  SystemClock clock;
  telemetry::Metrics metrics{closed_sets()};
  Heartbeat heartbeat{clock};
  std::mutex mutex;
  std::condition_variable changed;
  bool release = false;
  int delivered = 0;
  Script hangs;
  Script works;
  hangs.answer = [&](const Message&) {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return release; });
    return unreachable();
  };
  works.answer = [&](const Message&) {
    const std::lock_guard lock(mutex);
    ++delivered;
    changed.notify_all();
    return Delivery::delivered();
  };
  const ChannelLane::Ports ports{[](const Outcome&) { return true; }, [] { return true; }};
  auto one = ChannelLane::create(scripted("one", hangs), {}, clock, metrics, ports);
  auto two = ChannelLane::create(scripted("two", works), {}, clock, metrics, ports);
  ASSERT_TRUE(one.ok() && two.ok());
  std::jthread first([&](std::stop_token stop) { (*one)->run(stop, heartbeat); });
  std::jthread second([&](std::stop_token stop) { (*two)->run(stop, heartbeat); });
  const event::Ring ring{event::make_header(clock), "front", "porch", event::TriggerSource::test};
  for (int i = 0; i < 50; ++i)
    for (auto* lane : {one->get(), two->get()}) {
      Message message;
      message.row =
          message_of(event::Ring{event::make_header(clock), "front", "porch", event::TriggerSource::test},
                     {lane->channel_id(), false}, clock.wall());
      ASSERT_TRUE(lane->push(std::move(message)));
    }
  std::unique_lock lock(mutex);
  changed.wait(lock, [&] { return delivered == 50; });  // hangs, if they hang together
  release = true;
  changed.notify_all();
}

}  // namespace
}  // namespace porchlight::notify
