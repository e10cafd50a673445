// SPDX-License-Identifier: Apache-2.0
// What became of messages: receipts, failures, withdrawals, dead letters.
#include "porchlight/store/outbox.hpp"

#include <gmock/gmock.h>

#include <array>

#include "store/connection.hpp"
#include "store/fixture.hpp"
#include "store/migration.hpp"

namespace porchlight::store {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;
using testing::UnorderedElementsAre;

struct OutboxTest : testing::Test {
  Folder folder;
  std::unique_ptr<Database> database = open_or_fail(folder / "porchlight.db");
  EventLog log{*database};
  Outbox outbox{*database};

  event::EventId ring(std::vector<OutboxRow> (*rows_of)(const event::EventId&), std::int64_t second = 0) {
    const auto ring = ring_at(at_second(second));
    EXPECT_TRUE(log.append(ring, rows_of(ring.header.id)));
    return ring.header.id;
  }
  static std::vector<OutboxRow> one(const event::EventId& id) { return {row_for(id, "hook")}; }
  static std::vector<OutboxRow> escalated(const event::EventId& id) {
    auto second = row_for(id, "phone", first_escalation);
    second.payload = R"({"escalation":true})";
    auto third = row_for(id, "mail", first_escalation + 1);
    third.payload = second.payload;
    auto other = row_for(id, "phone", first_escalation + 2);
    other.payload = R"({"escalation":false})";
    auto damaged = row_for(id, "phone", first_escalation + 3);
    damaged.payload = R"({"escalation":true)";
    auto early = row_for(id, "phone", 1);
    early.payload = second.payload;
    return {row_for(id, "hook"), second, third, other, damaged, early};
  }
  OutboxRow row(const event::EventId& id, const std::string& channel = "hook", std::uint32_t sequence = 0) {
    auto found = outbox.find({id, channel, sequence});
    EXPECT_TRUE(found.ok() && *found);
    return **found;
  }
};

TEST_F(OutboxTest, ReceiptAndWordsAreKept) {
  const auto id = ring(one);
  ASSERT_TRUE(outbox.mark_retry({id, "hook", 0}, 1, at_second(9), "503 busy"));
  EXPECT_EQ(row(id).error, "503 busy");
  ASSERT_TRUE(outbox.mark_retry({id, "hook", 0}, 2, at_second(9)));
  EXPECT_EQ(row(id).error, "503 busy") << "nothing said is nothing new";
  ASSERT_TRUE(outbox.mark_delivered({id, "hook", 0}, 3, at_second(10), "4711"));
  EXPECT_EQ(row(id).receipt, "4711");
  EXPECT_EQ(row(id).error, "");
  EXPECT_EQ(row(id).settled, at_second(10));
  EXPECT_EQ(outbox.of_event(id, "hook")->front().receipt, "4711");
}

TEST_F(OutboxTest, ExpiredMessageKeepsItsLastFailure) {
  const auto id = ring(one);
  ASSERT_TRUE(outbox.mark_retry({id, "hook", 0}, 1, at_second(9), "no route"));
  ASSERT_TRUE(outbox.mark_expired({id, "hook", 0}, 1, at_second(10)));
  EXPECT_EQ(row(id).error, "no route");
}

TEST_F(OutboxTest, EveryStateComesBack) {
  const auto id = ring(one);
  for (const auto state : {DeliveryState::cancelled, DeliveryState::delivered}) {
    ASSERT_TRUE(state == DeliveryState::cancelled ? outbox.mark_cancelled({id, "hook", 0}, 0, at_second(1))
                                                  : outbox.mark_delivered({id, "hook", 0}, 1, at_second(2)));
    EXPECT_EQ(row(id).state, state) << "what had left nevertheless is delivered";
  }
  ASSERT_TRUE(outbox.mark_cancelled({id, "hook", 0}, 0, at_second(3)));
  EXPECT_EQ(row(id).state, DeliveryState::delivered);
}

TEST_F(OutboxTest, RowThatIsSettledBeforeItIsWrittenStaysSettled) {
  auto rows = one(event::EventId::generate(at_second(0)));
  auto ring = ring_at(at_second(0));
  rows[0].key.event_id = ring.header.id;
  rows[0].state = DeliveryState::delivered;
  rows[0].settled = at_second(4);
  rows[0].receipt = "m";
  ASSERT_TRUE(log.append(ring, rows));
  EXPECT_THAT(*outbox.pending(10), IsEmpty());
  EXPECT_EQ(row(ring.header.id).receipt, "m");
  EXPECT_EQ(row(ring.header.id).settled, at_second(4));
}

TEST_F(OutboxTest, AcknowledgedEventLosesItsPendingEscalationsOnly) {
  const auto id = ring(escalated);
  const auto other = ring(escalated, 5);
  ASSERT_TRUE(outbox.mark_delivered({id, "mail", first_escalation + 1}, 1, at_second(6)));
  const auto cancelled = outbox.cancel_escalations(id, at_second(7));
  ASSERT_TRUE(cancelled.ok()) << cancelled.error().text();
  EXPECT_THAT(*cancelled, ElementsAre(RowKey{id, "phone", first_escalation}));
  EXPECT_EQ(row(id, "phone", first_escalation).state, DeliveryState::cancelled);
  EXPECT_EQ(row(id, "phone", first_escalation).settled, at_second(7));
  EXPECT_EQ(row(id, "mail", first_escalation + 1).state, DeliveryState::delivered);
  for (const std::uint32_t sequence : {1U, first_escalation + 2, first_escalation + 3})
    EXPECT_EQ(row(id, "phone", sequence).state, DeliveryState::pending) << sequence;
  EXPECT_EQ(row(other, "phone", first_escalation).state, DeliveryState::pending);
  EXPECT_THAT(*outbox.cancel_escalations(id, at_second(8)), IsEmpty());
  database = open_or_fail(folder / "porchlight.db");
  EXPECT_EQ((*Outbox(*database).find({id, "phone", first_escalation}))->state, DeliveryState::cancelled);
}

TEST_F(OutboxTest, FindsTheEscalationsOfWhatIsOver) {
  const auto lost = [](const event::EventId& id) {
    auto later = row_for(id, "phone", first_escalation);
    later.type = "camera_lost";
    later.payload = R"({"camera":"front","escalation":true})";
    auto at_once = row_for(id, "hook");
    at_once.type = "camera_lost";
    at_once.payload = R"({"camera":"front"})";
    auto damaged = row_for(id, "mail", first_escalation);
    damaged.type = "camera_lost";
    damaged.payload = R"({"camera":"front","escalation":true)";
    return std::vector{at_once, later, damaged};
  };
  const auto id = ring(lost);
  ring([](const event::EventId& alone) {
    auto row = row_for(alone, "hook", first_escalation);  // no camera's loss, though at the camera
    row.payload = R"({"camera":"front","escalation":true})";
    return std::vector{row};
  });
  EXPECT_THAT(*outbox.escalating("camera_lost", "camera", "front"), ElementsAre(id));
  EXPECT_THAT(*outbox.escalating("camera_lost", "camera", "yard"), IsEmpty());
  EXPECT_THAT(*outbox.escalating("alert", "camera", "front"), IsEmpty());
  ASSERT_TRUE(outbox.cancel_escalations(id, at_second(7)));
  EXPECT_THAT(*outbox.escalating("camera_lost", "camera", "front"), IsEmpty());
}

TEST_F(OutboxTest, WhatWaitsForItsTimeIsNotOld) {
  const auto id = ring(one);
  ASSERT_TRUE(outbox.mark_delivered({id, "hook", 0}, 1, at_second(4)));
  const auto later = ring([](const event::EventId& event) {
    auto row = row_for(event, "phone", first_escalation);
    row.next_attempt = at_second(600);
    return std::vector{row};
  });
  EXPECT_EQ(outbox.depth(at_second(599))->pending, 1U);
  EXPECT_FALSE(outbox.depth(at_second(599))->oldest);
  EXPECT_FALSE(outbox.depth_by_channel(at_second(599))->at("phone").oldest);
  EXPECT_EQ(outbox.depth_by_channel(at_second(600))->at("phone").oldest, at_second(600));
  ASSERT_TRUE(outbox.mark_retry({later, "phone", first_escalation}, 1, at_second(900)));
  EXPECT_TRUE(outbox.depth(at_second(700))->oldest)
      << "what failed is late while it waits for its repetition";
}

TEST_F(OutboxTest, WhatIsDueComesFirstAndFreshBeforeRepeats) {
  std::vector<event::EventId> ids;
  for (int i = 0; i < 4; ++i) ids.push_back(ring(one, i));
  ASSERT_TRUE(outbox.mark_retry({ids[0], "hook", 0}, 1, at_second(500)));  // later
  ASSERT_TRUE(outbox.mark_retry({ids[1], "hook", 0}, 1, at_second(1)));    // due, tried before
  ASSERT_TRUE(outbox.mark_retry({ids[2], "hook", 0}, 0, at_second(900)));  // an escalation, say
  const auto rows = outbox.pending("hook", 10, at_second(100));
  ASSERT_EQ(rows->size(), 4U);
  const std::array order{ids[3], ids[1], ids[0], ids[2]};
  for (std::size_t i = 0; i < order.size(); ++i) EXPECT_EQ((*rows)[i].key.event_id, order[i]) << i;
  EXPECT_EQ(outbox.pending("hook", 1, at_second(100))->front().key.event_id, ids[3]);
}

struct DeadLetters : OutboxTest {
  event::EventId failed, expired, pending, gone;
  void SetUp() override {
    const auto with = [this](const char* channel, std::int64_t second) {
      const auto ring = ring_at(at_second(second));
      EXPECT_TRUE(log.append(ring, std::array{row_for(ring.header.id, channel)}));
      return ring.header.id;
    };
    failed = with("hook", 0);
    expired = with("hook", 1);
    pending = with("hook", 2);
    gone = with("former", 3);
    ASSERT_TRUE(outbox.mark_failed({failed, "hook", 0}, 2, at_second(20), "user unknown"));
    ASSERT_TRUE(outbox.mark_expired({expired, "hook", 0}, 9, at_second(30)));
    ASSERT_TRUE(outbox.mark_failed({gone, "former", 0}, 1, at_second(40), "410"));
  }
};

TEST_F(DeadLetters, AreListedWithoutTheirPayload) {
  const auto ids = [&](const OutboxFilter& which) {
    std::vector<event::EventId> list;
    const auto rows = outbox.list(which);
    EXPECT_TRUE(rows.ok());
    for (const auto& row : *rows) {
      list.push_back(row.key.event_id);
      EXPECT_EQ(row.payload, "");
    }
    return list;
  };
  using State = OutboxFilter::State;
  EXPECT_THAT(ids({}), ElementsAre(gone, expired, failed));
  EXPECT_THAT(ids({.state = State::pending}), ElementsAre(pending));
  EXPECT_THAT(ids({.state = State::all}), ElementsAre(gone, pending, expired, failed));
  EXPECT_THAT(ids({.channel_id = "hook"}), ElementsAre(expired, failed));
  EXPECT_THAT(ids({.event_id = failed}), ElementsAre(failed));
  EXPECT_THAT(ids({.event_id = failed, .sequence = 1}), IsEmpty());
  EXPECT_THAT(ids({.settled_by = at_second(30)}), ElementsAre(expired, failed));
  EXPECT_THAT(ids({.limit = 1}), ElementsAre(gone));
  EXPECT_THAT(*outbox.dead_by_channel(), ElementsAre(Pair("former", 1), Pair("hook", 2)));
}

TEST_F(DeadLetters, SentAgainHaveTheirKeyANewLifetimeAndNoAttempts) {
  const auto again = outbox.resend({.event_id = failed}, {"hook"}, at_second(7200));
  ASSERT_TRUE(again.ok()) << again.error().text();
  EXPECT_THAT(again->rows, ElementsAre(RowKey{failed, "hook", 0}));
  EXPECT_FALSE(again->more);
  const auto now = row(failed);
  EXPECT_EQ(now.state, DeliveryState::pending);
  EXPECT_EQ(now.attempts, 0U);
  EXPECT_EQ(now.next_attempt, at_second(7200));
  EXPECT_EQ(now.expires - at_second(7200), at_second(3600) - at_second(2)) << "the lifetime it had";
  EXPECT_EQ(now.resent, 1U);
  EXPECT_EQ(now.happened, at_second(1));
  EXPECT_EQ(now.error, "user unknown");
  EXPECT_FALSE(now.settled.has_value());
  ASSERT_TRUE(outbox.mark_failed({failed, "hook", 0}, 1, at_second(7300)));
  ASSERT_TRUE(outbox.resend({.event_id = failed}, {"hook"}, at_second(9000)));
  EXPECT_EQ(row(failed).expires - at_second(9000), at_second(3600) - at_second(2)) << "it grows";
}

TEST_F(DeadLetters, OnlyThoseOfChannelsThatExistAreSentAgain) {
  const auto again = outbox.resend({}, {"hook", "other"}, at_second(7200));
  ASSERT_TRUE(again.ok());
  EXPECT_THAT(again->rows, UnorderedElementsAre(RowKey{failed, "hook", 0}, RowKey{expired, "hook", 0}));
  EXPECT_EQ(again->without_channel, 1U);
  EXPECT_EQ(row(gone, "former").state, DeliveryState::failed);
  EXPECT_THAT(outbox.resend({}, {"hook"}, at_second(7200))->rows, IsEmpty()) << "nothing else is dead";
}

TEST_F(DeadLetters, ManyAreSentAgainInParts) {
  const auto first = outbox.resend({.limit = 1}, {"hook"}, at_second(7200));
  EXPECT_EQ(first->rows.size(), 1U);
  EXPECT_TRUE(first->more);
  const auto second = outbox.resend({.limit = 1}, {"hook"}, at_second(7200));
  EXPECT_EQ(second->rows.size(), 1U);
  EXPECT_FALSE(second->more);
}

TEST_F(DeadLetters, DeadAgainSinceTheWishIsLeftAlone) {
  EXPECT_THAT(outbox.resend({.settled_by = at_second(25)}, {"hook"}, at_second(50))->rows,
              ElementsAre(RowKey{failed, "hook", 0}));
}

TEST_F(DeadLetters, MessageToAChannelThatIsGoneExpiresAtItsTime) {
  EXPECT_EQ(*outbox.expire_abandoned("hook", at_second(3599)), 0U);
  EXPECT_EQ(*outbox.expire_abandoned("other", at_second(3600)), 0U);
  EXPECT_EQ(*outbox.expire_abandoned("hook", at_second(3600)), 1U);
  EXPECT_EQ(row(pending).state, DeliveryState::expired);
}

TEST_F(DeadLetters, ForgottenPersonsAreNotInTheServersWords) {
  GalleryStore gallery(*database);
  ASSERT_TRUE(gallery.enrol("Anna", {}));
  const auto ring = ring_at(at_second(9));
  auto named = row_for(ring.header.id, "hook", 2);
  named.payload = R"({"person":"Anna"})";
  ASSERT_TRUE(log.append(ring, std::array{named}));
  ASSERT_TRUE(outbox.mark_failed(named.key, 1, at_second(10), "unknown field 'Anna'"));
  ASSERT_TRUE(gallery.forget("Anna"));
  EXPECT_EQ(row(ring.header.id, "hook", 2).error, "");
  EXPECT_EQ(row(failed).error, "user unknown");
}

// As the version before made it, with a row in every state it knew.
TEST(OutboxMigration, KeepsEveryRowAndTheirOrder) {
  Folder folder;
  const auto file = folder / "porchlight.db";
  const auto id = event::EventId::generate(at_second(0)).text();
  {
    Database::Connection old;
    old.file = file.string();
    ASSERT_EQ(sqlite3_open(old.file.c_str(), &old.handle), SQLITE_OK);
    ASSERT_TRUE(migrate(old, migrations().first(4)));
    ASSERT_TRUE(old.execute(QueryType::insert,
                            "INSERT INTO events VALUES ('" + id + "', 'ring', 1, '', '{}', NULL)"));
    int sequence = 0;
    for (const std::string state : {"pending", "delivered", "failed", "expired"})
      ASSERT_TRUE(old.execute(QueryType::insert,
                              "INSERT INTO outbox VALUES ('" + id + "', 'hook', " +
                                  std::to_string(sequence++) +
                                  ", 'ring', 'doorbell_press', '{\"a\":1}', 1, 'tp', 1, 2, 3, 4, 5, '" +
                                  state + "', " + (state == "pending" ? "NULL" : "6") + ")"));
  }
  const auto database = open_or_fail(file);
  ASSERT_TRUE(database);
  EXPECT_EQ(database->migrated_from(), 4);
  EXPECT_TRUE(std::filesystem::exists(folder / "porchlight.db.v4"));
  const auto rows = Outbox(*database).of_event(*event::EventId::parse(id), "hook");
  ASSERT_TRUE(rows.ok()) << rows.error().text();
  ASSERT_EQ(rows->size(), 4U);
  const std::array states{DeliveryState::pending, DeliveryState::delivered, DeliveryState::failed,
                          DeliveryState::expired};
  for (std::size_t i = 0; i < states.size(); ++i) {
    const auto& row = (*rows)[i];
    EXPECT_EQ(row.state, states[i]);
    EXPECT_EQ(row.payload, "{\"a\":1}");
    EXPECT_EQ(row.attempts, 5U);
    EXPECT_EQ(row.resent, 0U);
    EXPECT_EQ(row.receipt + row.error, "");
    EXPECT_EQ(row.settled.has_value(), i > 0);
  }
  // An event still takes its messages with it.
  ASSERT_TRUE(database->connection().execute(QueryType::remove, "DELETE FROM events"));
  EXPECT_THAT(*Outbox(*database).of_event(*event::EventId::parse(id), "hook"), IsEmpty());
  EXPECT_EQ(*database->connection().scalar(QueryType::schema,
                                           "SELECT count(*) FROM sqlite_schema WHERE name LIKE 'outbox%'"),
            3);
}

}  // namespace
}  // namespace porchlight::store
