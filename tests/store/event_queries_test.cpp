// SPDX-License-Identifier: Apache-2.0
// What those who look at the event log get.
#include <gmock/gmock.h>

#include "store/connection.hpp"
#include "store/fixture.hpp"

namespace porchlight::store {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;

struct EventQueries : testing::Test {
  Folder folder;
  std::unique_ptr<Database> database =
      open_or_fail(folder / "porchlight.db", {.synchronous = Synchronous::off_in_tests});
  EventLog log{*database};

  event::EventId add(const std::string& camera, WallTime at, const std::string& type = "ring") {
    auto ring = ring_at(at);
    ring.camera_id = camera;
    event::Event event = ring;
    if (type == "camera_lost") event = event::CameraLost{ring.header, camera, event::CameraFault::stalled};
    EXPECT_TRUE(log.append(event, {}));
    return ring.header.id;
  }
  std::vector<event::EventId> list(const EventFilter& filter, std::size_t limit = 100,
                                   std::optional<event::EventId> before = std::nullopt) {
    const auto events = log.list(filter, limit, before);
    EXPECT_TRUE(events.ok());
    std::vector<event::EventId> ids;
    for (const auto& event : *events) ids.push_back(event.id);
    return ids;
  }
  std::vector<event::EventId> changed(std::int64_t after, std::size_t limit = 100) {
    const auto events = log.changed_after(after, limit);
    EXPECT_TRUE(events.ok());
    std::vector<event::EventId> ids;
    for (const auto& change : *events) ids.push_back(change.event.id);
    return ids;
  }
};

TEST_F(EventQueries, EachFilterIsTheSameAsLookingAtEveryEvent) {
  // Every combination against a plain search through the whole log.
  const std::vector<std::string> cameras = {"front", "back", ""};
  for (int i = 0; i < 60; ++i)
    add(cameras[static_cast<std::size_t>(i) % 3], at_second(i / 2), i % 4 == 0 ? "camera_lost" : "ring");
  const auto all = *log.newest(1000);
  ASSERT_EQ(all.size(), 60U);
  using Cameras = std::optional<std::set<std::string>>;
  int compared = 0;
  for (const Cameras& allowed : {Cameras{}, Cameras(std::set<std::string>{}), Cameras{{"front"}},
                                 Cameras{{"front", "back"}}, Cameras{{"none"}}})
    for (const std::string type : {"", "ring", "camera_lost", "security"})
      for (const auto& from : {std::optional<WallTime>{}, std::optional(at_second(10))})
        for (const auto& until : {std::optional<WallTime>{}, std::optional(at_second(20))})
          for (const auto& before : {std::optional<event::EventId>{}, std::optional(all[17].id)}) {
            std::vector<event::EventId> expected;
            for (const auto& event : all)
              if ((!allowed || allowed->contains(event.camera_id)) && (type.empty() || type == event.type) &&
                  (!from || event.at >= *from) && (!until || event.at < *until) &&
                  (!before || event.id < *before) && expected.size() < 7)
                expected.push_back(event.id);
            EXPECT_EQ(list({allowed, type, from, until}, 7, before), expected)
                << (allowed ? allowed->size() : 99) << type << from.has_value() << until.has_value();
            ++compared;
          }
  EXPECT_EQ(compared, 5 * 4 * 2 * 2 * 2);
}

TEST_F(EventQueries, TimesBoundToTheMillisecond) {
  const auto id = add("front", at_second(0) + 500ms);
  EXPECT_THAT(list({.from = at_second(0) + 500ms}), ElementsAre(id));
  EXPECT_THAT(list({.from = at_second(0) + 500ms + 1ns}), ElementsAre());
  EXPECT_THAT(list({.until = at_second(0) + 500ms}), ElementsAre());
  EXPECT_THAT(list({.until = at_second(0) + 500ms + 1ns}), ElementsAre(id));
  EXPECT_THAT(list({.from = WallTime{-1h}}), ElementsAre(id));
  EXPECT_THAT(list({.until = WallTime{-1h}}), ElementsAre());
  EXPECT_THAT(list({.until = WallTime::max()}), ElementsAre(id));
}

TEST_F(EventQueries, ChangesComeInTheOrderOfCommits) {
  EXPECT_EQ(*log.newest_change(), 0);
  const auto newer = add("front", at_second(9));
  const auto before_late = *log.newest_change();
  EXPECT_GT(before_late, 0);
  const auto late = add("front", at_second(1));  // an older edge, committed later
  EXPECT_THAT(changed(0), ElementsAre(newer, late));
  EXPECT_THAT(changed(before_late), ElementsAre(late));
  EXPECT_THAT(changed(0, 1), ElementsAre(newer));
  EXPECT_THAT(changed(*log.newest_change()), ElementsAre());
}

TEST_F(EventQueries, PictureIsAChangeAndCountsOnce) {
  const auto first = add("front", at_second(0));
  const auto second = add("front", at_second(1));
  const auto known = *log.newest_change();
  ASSERT_TRUE(log.amend(first, first.text() + ".jpg", {}));
  EXPECT_THAT(changed(known), ElementsAre(first));
  EXPECT_EQ(log.changed_after(known, 9)->front().event.snapshot, first.text() + ".jpg");
  EXPECT_THAT(changed(0), ElementsAre(second, first));
  EXPECT_GT(*log.newest_change(), known);
}

TEST_F(EventQueries, WhatChangesNothingHasNoNewNumber) {
  const auto ring = ring_at(at_second(0));
  ASSERT_TRUE(log.append(ring, {}));
  const auto known = *log.newest_change();
  ASSERT_TRUE(log.append(ring, {}));  // repeated after an answer that was lost
  ASSERT_TRUE(log.amend(ring.header.id, std::nullopt, {}));
  EXPECT_EQ(*log.newest_change(), known);
}

TEST_F(EventQueries, NumbersAreNeverUsedTwice) {
  add("front", at_second(0));
  const auto id = add("front", at_second(1));
  const auto known = *log.newest_change();
  ASSERT_TRUE(
      database->connection().execute(QueryType::remove, "DELETE FROM events WHERE id = '" + id.text() + "'"));
  EXPECT_LT(*log.newest_change(), known);
  add("front", at_second(2));
  EXPECT_GT(*log.newest_change(), known);
}

TEST_F(EventQueries, AReaderSeesWhatAnotherConnectionCommits) {
  const auto reader = open_or_fail(folder / "porchlight.db", {.mode = OpenMode::read_only});
  EventLog read(*reader);
  EXPECT_EQ(read.list({}, 9)->size(), 0U);
  const auto id = add("front", at_second(0));
  ASSERT_EQ(read.list({}, 9)->size(), 1U);
  EXPECT_EQ(read.changed_after(0, 9)->front().event.id, id);
  EXPECT_FALSE(read.append(ring_at(at_second(1)), {})) << "it only reads";
}

TEST_F(EventQueries, ARowThatCannotBeReadKeepsNobodyFromTheOthers) {
  const auto first = add("front", at_second(0));
  const auto broken = add("front", at_second(1));
  const auto last = add("front", at_second(2));
  ASSERT_TRUE(database->connection().execute(QueryType::update, "PRAGMA foreign_keys = OFF"));
  // Still between its neighbours, and no id.
  const auto renamed = broken.text().substr(0, broken.text().size() - 1) + "x";
  for (const auto* change : {"UPDATE events SET id = '", "UPDATE event_changes SET event_id = '"})
    ASSERT_TRUE(database->connection().execute(
        QueryType::update,
        change + renamed + "' WHERE " +
            (std::string(change).find("event_changes") == std::string::npos ? "" : "event_") + "id = '" +
            broken.text() + "'"));
  EXPECT_THAT(list({}), ElementsAre(last, first));
  EXPECT_THAT(list({}, 2), ElementsAre(last, first)) << "a full page has as many as are wanted";
  EXPECT_THAT(list({.cameras = std::set<std::string>{"front"}, .type = "ring"}, 2), ElementsAre(last, first));
  EXPECT_THAT(changed(0), ElementsAre(first, last));
  EXPECT_THAT(changed(0, 2), ElementsAre(first, last));
}

// The limit is the price, whatever the log holds: no query sorts or scans.
TEST_F(EventQueries, EveryQueryRunsOverAnIndex) {
  add("front", at_second(0));
  ASSERT_TRUE(log.list({}, 9).ok());
  ASSERT_TRUE(log.list({.type = "ring"}, 9).ok());
  ASSERT_TRUE(log.list({.cameras = std::set<std::string>{"front"}}, 9).ok());
  ASSERT_TRUE(log.list({.cameras = std::set<std::string>{"front"}, .type = "ring"}, 9).ok());
  ASSERT_TRUE(log.changed_after(0, 9).ok());
  int looked = 0;
  for (const auto& [sql, prepared] : database->connection().cache) {
    if (sql.find("ORDER BY") == std::string_view::npos) continue;
    auto plan = "EXPLAIN QUERY PLAN " + std::string(sql);
    sqlite3_stmt* explained = nullptr;
    ASSERT_EQ(sqlite3_prepare_v2(database->connection().handle, plan.c_str(), -1, &explained, nullptr),
              SQLITE_OK);
    while (sqlite3_step(explained) == SQLITE_ROW) {
      const std::string step = reinterpret_cast<const char*>(sqlite3_column_text(explained, 3));
      EXPECT_TRUE(step.starts_with("SEARCH")) << sql << step;
    }
    sqlite3_finalize(explained);
    ++looked;
  }
  EXPECT_EQ(looked, 5);
}

}  // namespace
}  // namespace porchlight::store
