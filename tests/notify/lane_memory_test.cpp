// SPDX-License-Identifier: Apache-2.0
// What a lane knows of people, of order and of a former lane, in simulated time.
#include <gmock/gmock.h>

#include <map>

#include "notify/lane_fixture.hpp"
#include "porchlight/notify/answers.hpp"

namespace porchlight::notify {
namespace {

using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

KnownNames people(std::set<std::string> names) {
  return std::make_shared<const std::set<std::string>>(std::move(names));
}

struct LaneMemory : LaneFixture {
  Message about(const std::string& person) {
    auto out = message(new_id());
    out.row.type = "sighting";
    out.row.payload = R"({"type":"sighting","result":"known_person","person":")" + person + R"("})";
    return out;
  }
  std::vector<std::uint32_t> sequences_of(const event::EventId& id) const {
    std::vector<std::uint32_t> sequences;
    for (const auto& seen : script.seen)
      if (seen.key.event_id == id) sequences.push_back(seen.key.sequence);
    return sequences;
  }
  Message reloaded(const event::EventId& id, std::uint32_t sequence) {
    auto out = message(id, sequence);
    out.reloaded = true;
    return out;
  }
  // What the outbox does when it is asked: everything of the event, in order.
  void hand_over(const event::EventId& id, std::initializer_list<std::uint32_t> sequences) {
    for (const auto sequence : sequences) ASSERT_TRUE(lane->push(reloaded(id, sequence)));
  }
  void replace_lane() {
    auto next = make();
    next->inherit(*lane);
    lane = std::move(next);
  }
};

TEST_F(LaneMemory, WhoIsForgottenWhileAMessageWaitsIsNotNamedByIt) {
  std::vector<std::string> said;
  bool dead = true;
  script.answer = [&](const Message& message) {
    said.push_back(message.row.payload + message.words.title);
    return dead ? unreachable() : Delivery::delivered();
  };
  lane->know(people({"Anna", "Ben"}));
  ASSERT_TRUE(lane->push(about("Anna")));
  ASSERT_TRUE(lane->push(about("Ben")));
  pass(1ms);
  ASSERT_EQ(said.size(), 2U);
  EXPECT_THAT(said[0], HasSubstr("Anna"));
  lane->know(people({"Ben"}));
  ASSERT_TRUE(lane->push(about("Anna"))) << "it was under way when she was forgotten";
  dead = false;
  pass(1min);
  ASSERT_EQ(said.size(), 5U);
  const std::vector<std::string> after(said.begin() + 2, said.end());
  EXPECT_THAT(after, Each(Not(HasSubstr("Anna"))));
  EXPECT_THAT(after, Each(HasSubstr("known_person")));
  EXPECT_THAT(after, testing::Contains(HasSubstr("Ben")));
}

TEST_F(LaneMemory, WhoIsEnrolledJustBeforeIsNamed) {
  std::string said;
  script.answer = [&](const Message& message) {
    said = message.row.payload;
    return Delivery::delivered();
  };
  lane->know(people({}));
  pass(1ms);
  ASSERT_TRUE(lane->push(about("Zoë")));
  lane->know(people({"Zoë"}));
  pass(1ms);
  EXPECT_THAT(said, HasSubstr("Zoë"));
  // Nobody has told this one yet who is known.
  lane = make();
  ASSERT_TRUE(lane->push(about("Anna")));
  pass(1ms);
  EXPECT_THAT(said, HasSubstr("Anna"));
}

TEST_F(LaneMemory, LaneThatReplacesAnotherKnowsWhoIsForgotten) {
  std::string said;
  script.answer = [&](const Message& message) {
    said = message.row.payload;
    return Delivery::delivered();
  };
  lane->know(people({"Ben"}));
  replace_lane();
  ASSERT_TRUE(lane->push(about("Anna")));
  pass(1ms);
  EXPECT_THAT(said, Not(HasSubstr("Anna")));
}

TEST_F(LaneMemory, ReplyWaitsInTheOutboxForARingThatWasRefused) {
  options.queue_capacity = 2;
  lane = make();
  ring();
  ring();
  const auto id = new_id();
  ASSERT_FALSE(lane->push(message(id)));
  pass(10ms);
  ASSERT_EQ(reloads, 1);
  ASSERT_TRUE(lane->push(message(id, first_answer)));
  pass(10ms);
  EXPECT_TRUE(sequences_of(id).empty()) << "the reply overtook its ring";
  EXPECT_EQ(reloads, 2);
}

TEST_F(LaneMemory, NameDoesNotOvertakeAPictureThatWasRefused) {
  options.queue_capacity = 2;
  lane = make();
  const auto id = ring();
  pass(1ms);
  ring();
  ring();
  ASSERT_FALSE(lane->push(message(id, 1)));
  pass(1ms);
  ASSERT_TRUE(lane->push(message(id, 2)));
  pass(1ms);
  EXPECT_THAT(sequences_of(id), ElementsAre(0));
  hand_over(id, {1});
  pass(1ms);
  hand_over(id, {2});
  pass(1ms);
  EXPECT_THAT(sequences_of(id), ElementsAre(0, 1, 2));
}

TEST_F(LaneMemory, UpdateDoesNotTakeThePlaceOfItsOwnRing) {
  options.most_waiting = 1;
  lane = make();
  script.answer = [](const Message&) { return unreachable(); };
  const auto id = ring();
  pass(1ms);
  ASSERT_TRUE(lane->push(message(id, 1)));
  pass(1ms);
  script.answer = [](const Message&) { return Delivery::delivered(); };
  pass(10s);
  EXPECT_THAT(sequences_of(id), ElementsAre(0, 0)) << "the ring had to go and was overtaken";
  EXPECT_GE(reloads, 1) << "the update is in the outbox";
}

TEST_F(LaneMemory, UpdateWaitsForWhatAFormerLaneHeld) {
  script.answer = [](const Message&) { return unreachable(); };
  const auto tried = ring();
  pass(1ms);
  const auto queued = ring();
  replace_lane();
  script.answer = [](const Message&) { return Delivery::delivered(); };
  for (const auto& id : {tried, queued}) ASSERT_TRUE(lane->push(message(id, 1)));
  pass(1ms);
  EXPECT_EQ(script.seen.size(), 1U) << "the picture overtook its ring at a reload of the configuration";
  for (const auto& id : {tried, queued}) hand_over(id, {0, 1});
  pass(1ms);
  EXPECT_THAT(sequences_of(tried), ElementsAre(0, 0, 1));
  EXPECT_THAT(sequences_of(queued), ElementsAre(0, 1));
}

TEST_F(LaneMemory, WhatANewLaneRefusesBeforeItKnowsTheFormerIsNotForgotten) {
  options.queue_capacity = 2;
  auto next = make();
  ASSERT_TRUE(next->push(message(new_id())));
  ASSERT_TRUE(next->push(message(new_id())));
  event::EventId last;
  for (int i = 0; i < 300; ++i)
    ASSERT_FALSE(next->push(message(last = new_id()))) << "more than it notes one by one";
  next->inherit(*lane);
  lane = std::move(next);
  pass(1ms);
  ASSERT_TRUE(lane->push(message(last, 1)));
  pass(1ms);
  EXPECT_TRUE(sequences_of(last).empty()) << "the picture overtook its ring";
  hand_over(last, {0});
  pass(1ms);
  hand_over(last, {1});
  pass(1ms);
  EXPECT_THAT(sequences_of(last), ElementsAre(0, 1));
}

TEST_F(LaneMemory, WithdrawalThatAFormerLaneHadNotTakenHolds) {
  const auto held = ring();
  ASSERT_TRUE(lane->push(escalation(held, 5min)));
  pass(1ms);
  const auto stored = new_id();
  ASSERT_TRUE(lane->withdraw(held));
  ASSERT_TRUE(lane->withdraw(stored));
  replace_lane();
  for (const auto& id : {held, stored}) {
    auto fetched = escalation(id, 5min);
    fetched.reloaded = true;
    ASSERT_TRUE(lane->push(std::move(fetched)));
  }
  pass(1h);
  EXPECT_THAT(sequences_of(held), ElementsAre(0));
  EXPECT_TRUE(sequences_of(stored).empty());
  std::vector<store::RowKey> cancelled;
  for (const auto& outcome : settled())
    if (outcome.state == DeliveryState::cancelled) cancelled.push_back(outcome.key);
  EXPECT_THAT(cancelled, ElementsAre(store::RowKey{held, "hook", store::first_escalation},
                                     store::RowKey{stored, "hook", store::first_escalation}));
}

TEST_F(LaneMemory, DeadChannelIsLeftAloneOverAReloadUnlessItIsConfiguredAnew) {
  script.answer = [](const Message&) { return unreachable(); };
  for (int i = 0; i < 5; ++i) ring();
  pass(1s);
  ASSERT_TRUE(lane->open());
  const auto before = script.seen.size();
  replace_lane();
  EXPECT_TRUE(lane->open());
  for (int i = 0; i < 5; ++i) ring();
  pass(50s);
  EXPECT_EQ(script.seen.size(), before);
  pass(20s);
  EXPECT_EQ(script.seen.size(), before + 1);
  fingerprint = "the address without its slip";
  replace_lane();
  EXPECT_FALSE(lane->open());
  ring();
  pass(1ms);
  EXPECT_EQ(script.seen.size(), before + 2) << "what was mended is tried at once";
}

// As an evening without the internet: rings go on, nothing is lost, and the other side is not hammered.
TEST_F(LaneMemory, TenMinutesWithoutAnAnswerCostPatienceAndNothingElse) {
  bool dead = true;
  script.answer = [&](const Message&) { return dead ? unreachable() : Delivery::delivered(); };
  auto brief = message(new_id());
  brief.row.expires = clock.wall() + 4min;
  ASSERT_TRUE(lane->push(brief));
  std::vector<event::EventId> rings;
  const auto until = clock.now() + 10min;
  while (clock.now() < until) {
    rings.push_back(ring());
    pass(5s);
    for (const std::uint32_t sequence : {1U, 2U}) ASSERT_TRUE(lane->push(message(rings.back(), sequence)));
    pass(15s);
  }
  ASSERT_TRUE(lane->open());
  std::vector<MonotonicTime> attempts;
  for (const auto& seen : script.seen) attempts.push_back(seen.at);
  ASSERT_GE(attempts.size(), 5U + 8U) << "it was not even tried";
  for (std::size_t i = 5; i < attempts.size(); ++i)
    EXPECT_GE(attempts[i] - attempts[i - 1], 60s) << "attempt " << i;
  dead = false;
  const auto healed = script.seen.size();
  pass(61s);
  EXPECT_FALSE(lane->open());
  std::map<store::RowKey, int> arrived;
  std::map<event::EventId, std::vector<std::uint32_t>> order;
  for (std::size_t i = healed; i < script.seen.size(); ++i) {
    ++arrived[script.seen[i].key];
    order[script.seen[i].key.event_id].push_back(script.seen[i].key.sequence);
  }
  EXPECT_EQ(arrived.size(), rings.size() * 3) << "some are lost, or still wait";
  for (const auto& [key, times] : arrived) EXPECT_EQ(times, 1) << key.event_id.text() << ':' << key.sequence;
  for (const auto& id : rings) EXPECT_THAT(order[id], ElementsAre(0, 1, 2));
  // What was over in the meantime says so, and keeps what the other side had said.
  std::vector<std::pair<DeliveryState, std::string>> fate;
  for (const auto& outcome : outcomes)
    if (outcome.key == brief.row.key) fate.emplace_back(outcome.state, outcome.error);
  ASSERT_GE(fate.size(), 2U);
  EXPECT_EQ(fate.front(), std::pair(DeliveryState::pending, std::string("no route")));
  EXPECT_EQ(fate.back().first, DeliveryState::expired);
}

}  // namespace
}  // namespace porchlight::notify
