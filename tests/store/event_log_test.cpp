// SPDX-License-Identifier: Apache-2.0
#include "porchlight/store/event_log.hpp"

#include <gmock/gmock.h>

#include <array>
#include <nlohmann/json.hpp>

#include "store/connection.hpp"
#include "store/fixture.hpp"

namespace porchlight::store {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

struct EventLogTest : testing::Test {
  Folder folder;
  std::unique_ptr<Database> database = open_or_fail(folder / "porchlight.db");
  EventLog log{*database};
  Outbox outbox{*database};
};

TEST_F(EventLogTest, AppendedEventIsReadBackByAnotherConnectionWithEveryField) {
  const auto ring = ring_at(at_second(0));
  ASSERT_TRUE(log.append(ring, {}, std::chrono::milliseconds(42)));

  const auto other = open_or_fail(folder / "porchlight.db", {.mode = OpenMode::read_only});
  const auto found = EventLog(*other).find(ring.header.id);
  ASSERT_TRUE(found.ok()) << found.error().text();
  ASSERT_TRUE(found->has_value());
  EXPECT_EQ((*found)->id, ring.header.id);
  EXPECT_EQ((*found)->type, "ring");
  EXPECT_EQ((*found)->at, ring.header.at);
  EXPECT_EQ((*found)->camera_id, "front");
  EXPECT_EQ((*found)->snapshot, "");
  auto expected = nlohmann::json::parse(event::to_json(ring));
  expected["picture_age_ms"] = 42;
  EXPECT_EQ(nlohmann::json::parse((*found)->json), expected);
}

TEST_F(EventLogTest, SameIdTwiceLeavesOneEventOneRowAndTheFirstContent) {
  auto ring = ring_at(at_second(0));
  const std::array rows{row_for(ring.header.id, "hook")};
  ASSERT_TRUE(log.append(ring, rows));
  ASSERT_TRUE(outbox.mark_delivered(rows[0].key, 1, at_second(4)));
  ring.button_id = "back";
  ASSERT_TRUE(log.append(ring, rows));

  EXPECT_EQ(*log.count(), 1U);
  EXPECT_THAT((*log.find(ring.header.id))->json, HasSubstr("\"button\":\"front\""));
  EXPECT_EQ((*outbox.find(rows[0].key))->state, DeliveryState::delivered) << "a settled row came back";
}

TEST_F(EventLogTest, ARehearsalComesAsFarAsTheCommitAndLeavesNothing) {
  const auto ring = ring_at(at_second(0));
  const std::array rows{row_for(ring.header.id, "hook")};
  const auto status = log.rehearse(ring, rows);
  EXPECT_TRUE(status) << status.error().text();
  EXPECT_EQ(*log.count(), 0U);
  EXPECT_EQ(*log.newest_change(), 0);
  ASSERT_TRUE(log.append(ring, rows)) << "its lock is gone";
  EXPECT_EQ(*log.newest_change(), 1);
}

TEST_F(EventLogTest, ARehearsalFailsWhileAnotherHasTheLock) {
  const auto other = open_or_fail(folder / "porchlight.db");
  const auto patient =
      open_or_fail(folder / "porchlight.db", {.busy_timeout = std::chrono::milliseconds{50}});
  const auto lock = Transaction::begin(other->connection());
  ASSERT_TRUE(lock);
  const auto status = EventLog(*patient).rehearse(ring_at(at_second(0)), {});
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code(), ErrorCode::unavailable);
}

TEST_F(EventLogTest, RowThatCannotBeStoredTakesTheEventWithIt) {
  const auto ring = ring_at(at_second(0));
  const auto stranger = event::EventId::generate(at_second(9));
  const std::array rows{row_for(ring.header.id, "hook"), row_for(stranger, "hook")};
  EXPECT_FALSE(log.append(ring, rows)) << "a row without an event was accepted";
  EXPECT_EQ(*log.count(), 0U);
  EXPECT_EQ(outbox.depth(at_second(100))->pending, 0U);
  // The connection goes on working after the rollback.
  EXPECT_TRUE(log.append(ring, std::span(rows).first(1)));
}

TEST_F(EventLogTest, PagesRunThroughTheWholeLogInOrderOfTime) {
  std::vector<event::EventId> ids;
  for (int i = 0; i < 7; ++i) {
    const auto ring = ring_at(at_second(i));
    ids.push_back(ring.header.id);
  }
  // Appended out of order: the order of the log is the order of the edges.
  for (const int i : {3, 0, 6, 1, 5, 2, 4}) {
    auto ring = ring_at(at_second(i));
    ring.header.id = ids[static_cast<std::size_t>(i)];
    ASSERT_TRUE(log.append(ring, {}));
  }
  std::vector<event::EventId> forward;
  std::optional<event::EventId> after;
  for (;;) {
    const auto page = log.page(3, after);
    ASSERT_TRUE(page.ok());
    if (page->empty()) break;
    for (const auto& event : *page) forward.push_back(event.id);
    after = forward.back();
  }
  EXPECT_EQ(forward, ids);
  const auto newest = log.newest(2);
  ASSERT_EQ(newest->size(), 2U);
  EXPECT_EQ(newest->at(0).id, ids[6]);
  EXPECT_EQ(newest->at(1).id, ids[5]);
  EXPECT_EQ(log.newest(9, ids[2])->size(), 2U);
}

TEST_F(EventLogTest, AmendAddsSnapshotAndUpdateRowsAndRefusesAnUnknownEvent) {
  const auto ring = ring_at(at_second(0));
  const std::array rows{row_for(ring.header.id, "hook", 1)};
  const auto refused = log.amend(ring.header.id, "x.jpg", rows);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), ErrorCode::not_found);
  EXPECT_EQ(outbox.depth(at_second(100))->pending, 0U);

  ASSERT_TRUE(log.append(ring, {}));
  ASSERT_TRUE(log.amend(ring.header.id, ring.header.id.text() + ".jpg", rows));
  EXPECT_EQ((*log.find(ring.header.id))->snapshot, ring.header.id.text() + ".jpg");
  EXPECT_TRUE((*outbox.find(rows[0].key))->picture);
}

TEST_F(EventLogTest, WhatLastedAWhileIsCompletedInItsPlaceAndToldAgain) {
  event::Motion motion{{event::EventId::generate(at_second(0)), at_second(0), {}, {}}, "yard", {}, {}, {}};
  ASSERT_TRUE(log.append(motion, std::array{row_for(motion.header.id, "hook")}));
  const auto known = *log.newest_change();
  motion.ended = at_second(5);
  motion.zones = {{"drive", "The drive"}};
  ASSERT_TRUE(log.complete(motion));
  EXPECT_EQ(*log.count(), 1U);
  const auto found = log.find(motion.header.id);
  EXPECT_EQ((*found)->json, event::to_json(motion));
  EXPECT_EQ((*found)->at, motion.header.at);
  const auto changed = log.changed_after(known, 9);
  ASSERT_EQ(changed->size(), 1U);
  EXPECT_EQ(changed->front().event.json, event::to_json(motion));
  motion.header.id = event::EventId::generate(at_second(9));
  EXPECT_EQ(log.complete(motion).error().code(), ErrorCode::not_found);
}

TEST_F(EventLogTest, EveryKindOfEventIsStoredUnderItsType) {
  const auto header = ring_at(at_second(0)).header;
  const auto fresh = [&] {
    auto h = header;
    h.id = event::EventId::generate(at_second(1));
    return h;
  };
  event::Sighting sighting;
  sighting.header = fresh();
  sighting.ring_id = header.id;
  sighting.person = "Łucja \"'; DROP TABLE events";
  sighting.verdict = event::Verdict::known_person;
  for (const event::Event& event :
       {event::Event(event::CameraLost{fresh(), "front", event::CameraFault::stalled}),
        event::Event(sighting), event::Event(event::CameraBack{fresh(), "front", 3.5}),
        event::Event(event::ButtonTrouble{fresh(), "front"}),
        event::Event(event::Security{fresh(), "tamper", "hardware", "logged", "", ""})}) {
    ASSERT_TRUE(log.append(event, {}));
    const auto found = log.find(event::header_of(event).id);
    ASSERT_TRUE(found.ok() && found->has_value());
    EXPECT_EQ((*found)->type, event::type_of(event));
    EXPECT_EQ((*found)->json, event::to_json(event));
  }
}

TEST_F(EventLogTest, OutboxRowComesBackWholeAndInOrder) {
  const auto first = ring_at(at_second(0));
  const auto second = ring_at(at_second(1));
  const std::array later{row_for(second.header.id, "hook"), row_for(second.header.id, "phone")};
  const std::array earlier{row_for(first.header.id, "hook", 1), row_for(first.header.id, "hook", 0)};
  ASSERT_TRUE(log.append(second, later));
  ASSERT_TRUE(log.append(first, earlier));

  const auto all = outbox.pending(100);
  ASSERT_EQ(all->size(), 4U);
  const auto keys = [](const std::vector<OutboxRow>& rows) {
    std::vector<RowKey> out;
    for (const auto& row : rows) out.push_back(row.key);
    return out;
  };
  EXPECT_THAT(keys(*all), ElementsAre(earlier[1].key, earlier[0].key, later[0].key, later[1].key));
  EXPECT_THAT(keys(*outbox.pending("hook", 100, at_second(10))),
              ElementsAre(earlier[1].key, earlier[0].key, later[0].key));
  EXPECT_EQ(outbox.pending("hook", 2, at_second(10))->size(), 2U);
  const auto& row = all->at(1);
  EXPECT_EQ(row.payload, earlier[0].payload);
  EXPECT_EQ(row.type, "ring_update");
  EXPECT_EQ(row.label, "doorbell_press");
  EXPECT_TRUE(row.picture);
  EXPECT_EQ(row.traceparent, earlier[0].traceparent);
  EXPECT_EQ(row.happened, at_second(1));
  EXPECT_EQ(row.created, at_second(2));
  EXPECT_EQ(row.next_attempt, at_second(3));
  EXPECT_EQ(row.expires, at_second(3600));
}

TEST_F(EventLogTest, SettledRowStaysSettledAndLeavesThePendingOnes) {
  const auto ring = ring_at(at_second(0));
  const std::array rows{row_for(ring.header.id, "hook"), row_for(ring.header.id, "phone"),
                        row_for(ring.header.id, "mail"), row_for(ring.header.id, "log")};
  ASSERT_TRUE(log.append(ring, rows));
  ASSERT_TRUE(outbox.mark_retry(rows[0].key, 3, at_second(77)));
  ASSERT_TRUE(outbox.mark_delivered(rows[1].key, 1, at_second(5)));
  ASSERT_TRUE(outbox.mark_failed(rows[2].key, 2, at_second(5)));
  ASSERT_TRUE(outbox.mark_expired(rows[3].key, 9, at_second(5)));
  // Late news about what is settled changes nothing.
  ASSERT_TRUE(outbox.mark_failed(rows[1].key, 7, at_second(6)));
  ASSERT_TRUE(outbox.mark_retry(rows[2].key, 7, at_second(6)));

  const auto pending = outbox.pending(10);
  ASSERT_EQ(pending->size(), 1U);
  EXPECT_EQ(pending->front().key, rows[0].key);
  EXPECT_EQ(pending->front().attempts, 3U);
  EXPECT_EQ(pending->front().next_attempt, at_second(77));
  EXPECT_EQ((*outbox.find(rows[1].key))->state, DeliveryState::delivered);
  EXPECT_EQ((*outbox.find(rows[1].key))->attempts, 1U);
  EXPECT_EQ((*outbox.find(rows[2].key))->state, DeliveryState::failed);
  EXPECT_EQ((*outbox.find(rows[3].key))->state, DeliveryState::expired);
  EXPECT_EQ(outbox.mark_delivered(row_for(ring.header.id, "nobody").key, 1, at_second(5)).error().code(),
            ErrorCode::not_found);
}

TEST_F(EventLogTest, DepthCountsPendingRowsAndPruneSparesThem) {
  EXPECT_EQ(outbox.depth(at_second(100))->pending, 0U);
  EXPECT_FALSE(outbox.depth(at_second(100))->oldest.has_value());
  const auto ring = ring_at(at_second(0));
  std::array rows{row_for(ring.header.id, "hook"), row_for(ring.header.id, "phone")};
  rows[1].next_attempt = at_second(1);
  ASSERT_TRUE(log.append(ring, rows));
  EXPECT_EQ(outbox.depth(at_second(100))->pending, 2U);
  EXPECT_EQ(outbox.depth(at_second(100))->oldest, at_second(1));
  ASSERT_TRUE(outbox.mark_delivered(rows[1].key, 1, at_second(5)));
  EXPECT_EQ(outbox.depth(at_second(100))->oldest, at_second(3));
  EXPECT_EQ(outbox.depth_by_channel(at_second(100))->size(), 1U);
  EXPECT_EQ(outbox.depth_by_channel(at_second(100))->at("hook").pending, 1U);
  EXPECT_EQ(*outbox.prune(at_second(1)), 0U);
  EXPECT_EQ(*outbox.prune(at_second(100)), 1U);
  EXPECT_EQ(outbox.depth(at_second(100))->pending, 1U);
}

}  // namespace
}  // namespace porchlight::store
