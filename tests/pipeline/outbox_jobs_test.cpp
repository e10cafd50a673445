// SPDX-License-Identifier: Apache-2.0
// The outbox between the real store lane and real channel lanes, over restarts, in simulated time.
#include <gmock/gmock.h>

#include <fstream>
#include <iterator>

#include "pipeline/store_house_fixture.hpp"
#include "porchlight/notify/answers.hpp"
#include "porchlight/notify/payload.hpp"
#include "porchlight/store/event_log.hpp"

namespace porchlight::pipeline {
namespace {

using namespace std::chrono_literals;
using notify::Delivery;
using store::DeliveryState;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

struct OutboxJobs : StoreHouseTest {
  void SetUp() override { restart(); }
  store::OutboxRow stored(const store::RowKey& key) {
    house->settle_down();
    const auto database = store::Database::open(folder.path() / "porchlight.db", {}, nullptr);
    const auto row = store::Outbox(**database).find(key);
    EXPECT_TRUE(row.ok() && *row);
    return **row;
  }
  std::string audit() const {
    std::ifstream file(folder.path() / "audit" / "audit.jsonl");
    return {std::istreambuf_iterator<char>(file), {}};
  }
  // The store lane measures between two jobs, when it is time by the clock.
  template <class Condition>
  bool comes_true(Condition condition) {
    for (int i = 0; i < 20'000; ++i) {
      if (condition()) return true;
      house->settle_down();
      std::this_thread::sleep_for(1ms);
    }
    return false;
  }
  double metric(const std::string& series) {
    const auto text = "\n" + metrics.exposition();
    const auto at = text.find("\n" + series + " ");
    return at == std::string::npos ? -1 : std::stod(text.substr(at + series.size() + 2));
  }
};

TEST_F(OutboxJobs, AcknowledgedInTimeNeverLeavesAlsoAfterARestart) {
  const auto ring = new_ring();
  house->send(ring, {row_of(ring, "hook", 0, clock), escalation_of(ring, "hook", 5min, clock)});
  house->pass(1min);
  ASSERT_TRUE(house->acknowledge(ring.header.id));
  house->pass(10min);
  EXPECT_EQ(hook.seen.size(), 1U);
  EXPECT_EQ(stored({ring.header.id, "hook", store::first_escalation}).state, DeliveryState::cancelled);
  restart();
  house->pass(1h);
  EXPECT_EQ(hook.seen.size(), 1U);
  EXPECT_FALSE(house->acknowledge(ring.header.id)) << "once is enough";
}

TEST_F(OutboxJobs, AcknowledgedBeforeTheRestartThatWouldHaveBroughtItBack) {
  const auto ring = new_ring();
  house->send(ring, {escalation_of(ring, "hook", 5min, clock)});
  house->pass(1s);
  restart();
  ASSERT_TRUE(house->acknowledge(ring.header.id)) << "the lane holds it again, from the outbox";
  house->pass(1h);
  EXPECT_TRUE(hook.seen.empty());
}

TEST_F(OutboxJobs, EscalationThatNobodyAcknowledgesLeavesAtItsTimeAlsoAfterARestart) {
  const auto ring = new_ring();
  house->send(ring, {row_of(ring, "hook", 0, clock), escalation_of(ring, "hook", 20min, clock)});
  house->pass(1min);
  restart();
  house->pass(18min);
  EXPECT_EQ(hook.seen.size(), 1U);
  house->pass(2min);
  ASSERT_EQ(hook.seen.size(), 2U);
  EXPECT_EQ(hook.seen[1].key.sequence, store::first_escalation);
  EXPECT_TRUE(house->acknowledge(ring.header.id));
  EXPECT_EQ(stored(hook.seen[1].key).state, DeliveryState::delivered);
}

TEST_F(OutboxJobs, AfterARestartItIsStillTheSameRequest) {
  std::vector<std::pair<std::string, std::string>> requests;
  hook.answer = [&](const notify::Message& message) {
    requests.emplace_back(message.request_id, message.correlation_id);
    return Delivery::retry(ErrorCode::network, "no route");
  };
  auto ring = new_ring();
  ring.header.request_id = "ring-7";
  ring.header.correlation_id = "story-1";
  notify::Route route;
  route.channel_id = "hook";
  house->send(ring, {notify::message_of(ring, route, clock.wall())});
  house->pass(1ms);
  requests.clear();
  restart();
  house->pass(5min);
  ASSERT_FALSE(requests.empty());
  EXPECT_THAT(requests, testing::Each(Pair("ring-7", "story-1")));
}

struct WithClip : OutboxJobs {
  // What the channel is handed as the film of each message; "" is none.
  std::vector<std::string> films;
  event::Ring ring;
  void SetUp() override {
    OutboxJobs::SetUp();
    ring = new_ring();
    house->send(ring, {row_of(ring, "hook", 0, clock)});
    house->pass(1s);
  }
  void add_clip() {
    const std::string text = "a film";
    notify::Route route;
    route.channel_id = "hook";
    house->amend({ring.header.id,
                  nullptr,
                  {notify::clip_update_of(ring, route, clock.wall())},
                  std::make_shared<const std::vector<std::uint8_t>>(text.begin(), text.end())});
  }
  std::filesystem::path file() const {
    return folder.path() / "snapshots" / (ring.header.id.text() + ".clip");
  }
};

TEST_F(WithClip, ItGoesOutWithItsOwnMessageAndAgainAfterARestart) {
  hook.answer = [&](const notify::Message& message) {
    films.push_back(message.clip ? std::string(message.clip->begin(), message.clip->end()) : "");
    return films.size() == 1 ? Delivery::retry(ErrorCode::network, "no route") : Delivery::delivered();
  };
  add_clip();
  // The store lane fetches it between two jobs.
  ASSERT_TRUE(comes_true([&] {
    house->pass(1ms);
    return !films.empty();
  }));
  ASSERT_THAT(films, ElementsAre("a film"));
  restart();
  house->pass(1min);
  EXPECT_THAT(films, ElementsAre("a film", "a film"));
  EXPECT_EQ(stored({ring.header.id, "hook", notify::clip_update}).state, DeliveryState::delivered);
}

TEST_F(WithClip, OneThatIsGoneIsSaidAndNotSentAsAnEmptyMessage) {
  bool refuses = true;
  hook.answer = [&](const notify::Message&) {
    return refuses ? Delivery::retry(ErrorCode::network, "no route") : Delivery::delivered();
  };
  add_clip();
  house->pass(500ms);
  ASSERT_TRUE(std::filesystem::remove(file()));
  refuses = false;
  restart();
  const auto before = hook.seen.size();
  house->pass(1min);
  EXPECT_EQ(hook.seen.size(), before);
  const auto row = stored({ring.header.id, "hook", notify::clip_update});
  EXPECT_EQ(row.state, DeliveryState::failed);
  EXPECT_THAT(row.error, HasSubstr("the clip is not there any more"));
}

TEST_F(WithClip, ItsFileGoesOnceNobodyCanWaitForIt) {
  add_clip();
  house->pass(1s);
  ASSERT_TRUE(std::filesystem::exists(file()));
  std::filesystem::last_write_time(file(), std::filesystem::file_time_type::clock::now() - 3h);
  EXPECT_TRUE(comes_true([&] {
    clock.advance(1min);
    return !std::filesystem::exists(file());
  }));
}

// The lane holds one message, so what waits has to go for a fresh ring, and is fetched again a second later.
TEST_F(OutboxJobs, ReplyDoesNotOvertakeTheRingThatItsLaneGaveUp) {
  lane.most_waiting = 1;
  restart();
  const auto waiting = new_ring();
  bool refuses = true;
  hook.answer = [&](const notify::Message& message) {
    return refuses && message.row.key.event_id == waiting.header.id
               ? Delivery::retry(ErrorCode::network, "no route")
               : Delivery::delivered();
  };
  for (const auto& ring : {waiting, new_ring(), new_ring()}) {
    house->send(ring, {row_of(ring, "hook", 0, clock)});
    house->pass(0s);
  }
  refuses = false;
  ASSERT_TRUE(house->acknowledge(waiting.header.id, "coming"));
  house->pass(1min);
  std::vector<std::uint32_t> sequences;
  for (const auto& seen : hook.seen)
    if (seen.key.event_id == waiting.header.id) sequences.push_back(seen.key.sequence);
  EXPECT_THAT(sequences, ElementsAre(0, 0, notify::first_answer + 1));
}

TEST_F(OutboxJobs, UpdateAfterARestartKnowsWhatItsRingIsCalled) {
  hook.answer = [](const notify::Message& message) {
    return message.row.key.sequence == 0 ? Delivery::delivered("4711")
                                         : Delivery::retry(ErrorCode::network, "reset by peer");
  };
  const auto ring = new_ring();
  house->send(ring, {row_of(ring, "hook", 0, clock), row_of(ring, "hook", 1, clock)});
  house->pass(1s);
  EXPECT_EQ(stored({ring.header.id, "hook", 0}).receipt, "4711");
  EXPECT_EQ(stored({ring.header.id, "hook", 1}).error, "reset by peer");
  hook.answer = [](const notify::Message&) { return Delivery::delivered(); };
  restart();
  house->pass(1min);
  EXPECT_EQ(hook.seen.back().key.sequence, 1U);
  EXPECT_THAT(hook.seen.back().receipts, ElementsAre(Pair(0, "4711")));
}

TEST_F(OutboxJobs, DeadLettersAreMeasuredSentAgainAndOnRecord) {
  hook.answer = [](const notify::Message&) {
    return Delivery::rejected(ErrorCode::invalid_argument, "no such chat");
  };
  const auto ring = new_ring();
  const auto other = new_ring();
  house->send(ring, {row_of(ring, "hook", 0, clock)});
  house->send(other, {row_of(other, "hook", 0, clock)});
  house->pass(10s);
  EXPECT_EQ(stored({ring.header.id, "hook", 0}).error, "no such chat");
  EXPECT_TRUE(comes_true([&] { return metric(R"(outbox_dead_letters{channel="webhook"})") == 2; }));
  hook.answer = [](const notify::Message&) { return Delivery::delivered(); };
  const auto resent = house->resend({.event_id = ring.header.id});
  ASSERT_TRUE(resent.ok()) << resent.error().text();
  EXPECT_THAT(resent->rows, ElementsAre(store::RowKey{ring.header.id, "hook", 0}));
  house->pass(10s);
  ASSERT_EQ(hook.seen.size(), 3U);
  EXPECT_EQ(hook.seen[2].key, hook.seen[0].key) << "the same message, under its own id";
  EXPECT_EQ(stored(hook.seen[2].key).state, DeliveryState::delivered);
  EXPECT_TRUE(comes_true([&] { return metric(R"(outbox_dead_letters{channel="webhook"})") == 1; }));
  EXPECT_TRUE(comes_true([&] { return metric(R"(outbox_depth{channel="webhook"})") == 0; }));
  EXPECT_THAT(audit(), HasSubstr("sent again: " + ring.header.id.text()));
  EXPECT_THAT(audit(), testing::Not(HasSubstr("no such chat")));
}

TEST_F(OutboxJobs, BrokenDatabaseIsAskedOnceASecondHoweverMuchThereIsToDo) {
  const auto faults = [&] {
    return metric(R"(errors_total{component="database",error_type="io",severity="error"})");
  };
  const auto keep_busy = [&] {
    for (int i = 0; i < 30; ++i) {
      house->store().push(ReloadChannel{"hook"});
      house->settle_down();
      std::this_thread::sleep_for(1ms);  // the store lane goes round
    }
  };
  const auto ring = new_ring();
  keep_busy();  // what is looked at by the clock has been
  {
    const auto database = store::Database::open(folder.path() / "porchlight.db", {}, nullptr);
    ASSERT_TRUE(store::EventLog(**database).append(ring, std::array{row_of(ring, "hook", 0, clock)}));
  }
  const auto before = faults();
  change_database(folder.path(), "ALTER TABLE outbox RENAME TO away");
  keep_busy();
  EXPECT_EQ(faults(), before + 1);
  clock.advance(1s);
  EXPECT_TRUE(comes_true([&] { return faults() == before + 2; })) << "it is not asked again";
  keep_busy();
  EXPECT_EQ(faults(), before + 2);
  change_database(folder.path(), "ALTER TABLE away RENAME TO outbox");
  clock.advance(1s);
  EXPECT_TRUE(comes_true([&] {
    house->pass(1ms);
    return hook.seen.size() == 1;
  }));
}

TEST_F(OutboxJobs, MessagesOfAChannelThatIsGoneBecomeDeadLettersAndStayThat) {
  const auto ring = new_ring();
  auto row = row_of(ring, "hook", 0, clock);
  row.key.channel_id = "former";
  house->settle_down();
  {
    const auto database = store::Database::open(folder.path() / "porchlight.db", {}, nullptr);
    ASSERT_TRUE(store::EventLog(**database).append(ring, std::array{row}));
  }
  house->pass(24h + 10s);
  EXPECT_TRUE(comes_true([&] { return stored(row.key).state == DeliveryState::expired; }));
  const auto resent = house->resend({});
  ASSERT_TRUE(resent.ok());
  EXPECT_TRUE(resent->rows.empty());
  EXPECT_EQ(resent->without_channel, 1U);
}

}  // namespace
}  // namespace porchlight::pipeline
