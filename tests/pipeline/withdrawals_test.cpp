// SPDX-License-Identifier: Apache-2.0
// Escalations of what is over, and alerts that come twice at once, at the real store lane.
#include <gmock/gmock.h>

#include "pipeline/store_house_fixture.hpp"
#include "porchlight/notify/payload.hpp"

namespace porchlight::pipeline {
namespace {

using namespace std::chrono_literals;
using store::DeliveryState;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

struct Withdrawals : StoreHouseTest {
  void SetUp() override { restart(); }
  event::CameraLost lost(const std::string& camera) {
    return {header(), camera, event::CameraFault::network};
  }
  event::CameraBack back(const std::string& camera) { return {header(), camera, 60}; }
  event::Alert alert(const std::string& fingerprint, bool firing) {
    event::Alert alert;
    alert.header = header();
    alert.name = "DiskFull";
    alert.severity = "critical";
    alert.firing = firing;
    alert.fingerprint = fingerprint;
    return alert;
  }
  // As the dispatcher sends what a rule escalates after 5 minutes, and told nobody at once.
  store::RowKey escalate(const event::Event& event) {
    notify::Route route;
    route.channel_id = "hook";
    route.after = 5min;
    const auto row = notify::message_of(event, route, clock.wall());
    house->send(event, {row});
    return row.key;
  }
  DeliveryState state_of(const store::RowKey& key) {
    house->settle_down();
    const auto database = store::Database::open(folder.path() / "porchlight.db", {}, nullptr);
    const auto row = store::Outbox(**database).find(key);
    EXPECT_TRUE(row.ok() && *row);
    return (*row)->state;
  }
  std::vector<store::RowKey> seen() const {
    std::vector<store::RowKey> keys;
    for (const auto& message : hook.seen) keys.push_back(message.key);
    return keys;
  }
};

TEST_F(Withdrawals, ACameraThatIsBackCallsNobodyAnyMore) {
  const auto front = escalate(lost("front"));
  const auto yard = escalate(lost("yard"));
  house->pass(1min);
  house->send(back("front"), {});
  house->pass(10min);
  EXPECT_EQ(state_of(front), DeliveryState::cancelled);
  EXPECT_THAT(seen(), ElementsAre(yard)) << "another camera's is none of its business";
  const auto again = escalate(lost("front"));
  house->pass(10min);
  EXPECT_THAT(seen(), ElementsAre(yard, again)) << "lost again is another loss";
}

TEST_F(Withdrawals, AResolvedAlertCallsNobodyAnyMoreAlsoAfterARestart) {
  const auto disk = escalate(alert("d15c", true));
  const auto other = escalate(alert("0743", true));
  house->pass(1min);
  restart();
  house->send(alert("d15c", false), {});
  house->pass(1h);
  EXPECT_EQ(state_of(disk), DeliveryState::cancelled);
  EXPECT_THAT(seen(), ElementsAre(other));
  restart();
  house->pass(1h);
  EXPECT_THAT(seen(), ElementsAre(other));
}

TEST_F(Withdrawals, AGapThatIsOverCallsNobodyAnyMore) {
  event::FootageGap front{header(), "front", event::GapCause::timeout, {}, 10, {}};
  const auto one = escalate(front);
  const auto other = escalate(event::FootageGap{header(), "front", event::GapCause::eof, {}, 10, {}});
  house->pass(1min);
  front.ended = front.header.at + 1min;
  house->store().push(CompleteEvent{front});
  house->pass(10min);
  EXPECT_EQ(state_of(one), DeliveryState::cancelled);
  EXPECT_THAT(seen(), ElementsAre(other)) << "another gap of the same camera goes on";
}

TEST_F(Withdrawals, ADiskThatIsBackCallsNobodyAnyMore) {
  const auto full = escalate(event::DiskTrouble{header(), "/srv", event::DiskFault::full, {}});
  const auto other = escalate(event::DiskTrouble{header(), "/mnt", event::DiskFault::full, {}});
  house->pass(1min);
  house->send(event::DiskTrouble{header(), "/srv", event::DiskFault::back, {}}, {});
  house->pass(10min);
  EXPECT_EQ(state_of(full), DeliveryState::cancelled);
  EXPECT_THAT(seen(), ElementsAre(other));
}

TEST_F(Withdrawals, AFiringAlertEndsNothing) {
  const auto first = escalate(alert("d15c", true));
  house->send(alert("d15c", true), {});
  house->pass(10min);
  EXPECT_THAT(seen(), ElementsAre(first));
}

TEST_F(Withdrawals, OfAnEventThatIsHeldToo) {
  HeldEvents held;
  const auto hold = [&](const event::Event& event) {
    notify::Route route;
    route.channel_id = "hook";
    route.after = 5min;
    held.push({event, {notify::message_of(event, route, clock.wall())}, {}});
    return event::header_of(event).id;
  };
  const auto front = hold(lost("front"));
  hold(lost("yard"));
  hold(back("front"));
  const auto disk = hold(alert("d15c", true));
  EXPECT_THAT(held.escalating(*notify::ended_by(back("front"))), ElementsAre(front));
  EXPECT_THAT(held.escalating(*notify::ended_by(alert("d15c", false))), ElementsAre(disk));
  EXPECT_FALSE(notify::ended_by(alert("d15c", true)));
  held.withdraw(front, clock.wall());
  EXPECT_THAT(held.escalating(*notify::ended_by(back("front"))), IsEmpty());
}

struct WithdrawalsLater : Withdrawals {
  // The camera comes back while the database has this fault, and is lost again after it.
  void expect_withdrawn_in_spite_of(const std::string& fault, const std::string& mend) {
    const auto first = escalate(lost("front"));
    house->pass(1min);
    change_database(folder.path(), fault);
    house->send(back("front"), {});
    house->settle_down();
    change_database(folder.path(), mend);
    const auto again = escalate(lost("front"));
    EXPECT_EQ(state_of(first), DeliveryState::pending) << "the fault was none";
    for (int i = 0; i < 100 && state_of(first) == DeliveryState::pending; ++i) {
      clock.advance(1s);
      std::this_thread::sleep_for(20ms);
    }
    EXPECT_EQ(state_of(first), DeliveryState::cancelled);
    restart();  // a lane that knew is gone
    house->pass(10min);
    EXPECT_THAT(seen(), ElementsAre(again)) << "the second loss is not over";
  }
};

TEST_F(WithdrawalsLater, WhenTheDatabaseWouldNotSayWhatEscalates) {
  expect_withdrawn_in_spite_of("ALTER TABLE outbox RENAME TO away", "ALTER TABLE away RENAME TO outbox");
}

TEST_F(WithdrawalsLater, WhenTheDatabaseWouldNotWriteIt) {
  expect_withdrawn_in_spite_of(
      "CREATE TRIGGER refusal BEFORE UPDATE ON outbox BEGIN SELECT RAISE(ABORT, 'no'); END",
      "DROP TRIGGER refusal");
}

struct WhileTheDatabaseIsAway : Withdrawals {
  std::filesystem::path file() const { return folder.path() / "porchlight.db"; }
  void SetUp() override {
    std::filesystem::create_directory(file());  // nothing can be opened there
    restart();
  }
  bool is_stored(const store::RowKey& key) {
    house->settle_down();
    const auto database = store::Database::open(file(), {}, nullptr);
    if (!database) return false;
    const auto row = store::Outbox(**database).find(key);
    return row.ok() && row->has_value();
  }
  // What began, ended and began again meanwhile.
  void expect_only_the_last_to_call(const event::Event& first, const event::Event& end,
                                    const event::Event& again) {
    const auto over = escalate(first);
    house->send(end, {});
    const auto open = escalate(again);
    house->settle_down();
    std::filesystem::remove(file());
    for (int i = 0; i < 100 && !is_stored(open); ++i) {
      clock.advance(2s);
      std::this_thread::sleep_for(20ms);
    }
    EXPECT_EQ(state_of(over), DeliveryState::cancelled);
    EXPECT_EQ(state_of(open), DeliveryState::pending) << "an end ended what began after it";
    house->pass(10min);
    EXPECT_THAT(seen(), ElementsAre(open));
  }
};

TEST_F(WhileTheDatabaseIsAway, ACameraThatIsLostAgainCalls) {
  const auto first = lost("front");
  const auto end = back("front");
  expect_only_the_last_to_call(first, end, lost("front"));
}

TEST_F(WhileTheDatabaseIsAway, AnAlertThatFiresAgainCalls) {
  const auto first = alert("d15c", true);
  const auto end = alert("d15c", false);
  expect_only_the_last_to_call(first, end, alert("d15c", true));
}

struct AlertsAtOnce : Withdrawals {
  std::vector<std::size_t> answers;  // store lane's thread; read after settle_down()

  // One notification. Each has an id of its own for the same alert.
  void notify_of(const std::vector<event::Alert>& alerts) {
    TakeAlerts job{{}, [this](const Result<std::size_t>& fresh) {
                     ASSERT_TRUE(fresh.ok());
                     answers.push_back(*fresh);
                   }};
    for (const auto& alert : alerts) job.alerts.push_back({alert, WallTime{1h}});
    house->take(std::move(job));
  }
};

TEST_F(AlertsAtOnce, TheSameTwiceBeforeItIsWrittenIsToldOnce) {
  notify_of({alert("d15c", true)});
  notify_of({alert("d15c", true), alert("0743", true)});
  house->settle_down();
  ASSERT_THAT(house->alarms(), SizeIs(2));
  EXPECT_THAT(answers, IsEmpty()) << "an answer says that it is on the medium";
  house->send(house->alarms()[0], {});
  house->settle_down();
  EXPECT_THAT(answers, ElementsAre(1));
  house->send(house->alarms()[1], {});
  house->settle_down();
  EXPECT_THAT(answers, ElementsAre(1, 1)) << "of two, one was another notification's";
  notify_of({alert("d15c", true)});
  house->settle_down();
  EXPECT_THAT(answers, ElementsAre(1, 1, 0));
  EXPECT_THAT(house->alarms(), SizeIs(2));
}

TEST_F(AlertsAtOnce, EveryNotificationIsAnsweredOnceHoweverManyWait) {
  constexpr std::size_t alerts = 100;
  const auto notifications = StoreLane::awaited_limit / alerts + 1;
  std::vector<std::vector<Result<std::size_t>>> said(notifications);  // read after settle_down()
  for (std::size_t i = 0; i < notifications; ++i) {
    TakeAlerts job{{}, [&said, i](Result<std::size_t> fresh) { said[i].push_back(std::move(fresh)); }};
    for (std::size_t k = 0; k < alerts; ++k)
      job.alerts.push_back({alert(std::to_string(i * alerts + k), true), WallTime{1h}});
    house->take(std::move(job));
  }
  house->settle_down();
  ASSERT_EQ(said.front().size(), 1U) << "the request is never answered";
  ASSERT_FALSE(said.front()[0].ok());
  EXPECT_EQ(said.front()[0].error().code(), ErrorCode::unavailable);
  const auto told = house->alarms();
  ASSERT_EQ(told.size(), notifications * alerts);
  for (std::size_t k = 0; k < alerts; ++k) house->send(told[k], {});
  for (std::size_t k = 0; k < alerts; ++k) house->send(told[told.size() - alerts + k], {});
  house->settle_down();
  EXPECT_EQ(said.front().size(), 1U) << "answered twice";
  ASSERT_EQ(said.back().size(), 1U);
  ASSERT_TRUE(said.back()[0].ok());
  EXPECT_EQ(*said.back()[0], alerts);
  for (std::size_t i = 1; i + 1 < notifications; ++i)
    EXPECT_TRUE(said[i].empty()) << i << " is not written yet";
}

TEST_F(AlertsAtOnce, OneThatWasLostOnItsWayIsToldAnew) {
  notify_of({alert("d15c", true)});
  house->settle_down();
  clock.advance(2min);
  notify_of({alert("d15c", true)});
  house->settle_down();
  ASSERT_THAT(house->alarms(), SizeIs(2));
  EXPECT_EQ(event::header_of(house->alarms()[0]).id, event::header_of(house->alarms()[1]).id);
}

TEST_F(Withdrawals, WhatWaitsForItsTimeIsNotLate) {
  const auto metric = [&](const std::string& series) {
    const auto text = "\n" + metrics.exposition();
    const auto at = text.find("\n" + series + "{channel=\"webhook\"} ");
    return at == std::string::npos ? -1 : std::stod(text.substr(text.find(' ', at + 1)));
  };
  const auto comes_true = [&](const auto& condition) {
    for (int i = 0; i < 20'000; ++i) {
      if (condition()) return true;
      house->settle_down();
      std::this_thread::sleep_for(1ms);
    }
    return false;
  };
  hook.answer = [](const notify::Message&) { return notify::Delivery::retry(ErrorCode::network, "gone"); };
  escalate(lost("front"));
  house->pass(10s);
  EXPECT_TRUE(comes_true([&] { return metric("outbox_depth") == 1; }));
  EXPECT_EQ(metric("outbox_oldest_age_seconds"), -1);
  house->pass(6min);
  // Due 70 s ago, measured at most 5 s ago.
  EXPECT_TRUE(comes_true([&] { return metric("outbox_oldest_age_seconds") >= 60; })) << "now it is";
  EXPECT_LE(metric("outbox_oldest_age_seconds"), 71) << "what it waited for its time is no delay";
}

}  // namespace
}  // namespace porchlight::pipeline
