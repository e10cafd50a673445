// SPDX-License-Identifier: Apache-2.0
// An index that is torn anywhere is either sound enough to agree with the files, or set aside by name and
// made anew from them; nothing crashes and no file goes.
#include <sqlite3.h>

#include <cmath>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <random>

#include "pipeline/footage_house.hpp"

namespace porchlight::pipeline {
namespace {

using namespace std::chrono_literals;
using record::test::make_segment;
using record::test::wall_at;

// What has to be the same again. The numbers of boots may differ, their order may not.
using Row =
    std::tuple<std::string, std::string, std::int64_t, std::int64_t, std::uint64_t, store::SegmentState>;

std::string read_file(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void write_file(const std::filesystem::path& file, const std::string& bytes) {
  std::ofstream(file, std::ios::binary) << bytes;
}

// By the library itself: whether all of its pages, tables and indexes agree.
bool is_sound(const std::filesystem::path& file) {
  sqlite3* handle = nullptr;
  std::string said;
  if (sqlite3_open_v2(file.c_str(), &handle, SQLITE_OPEN_READWRITE, nullptr) == SQLITE_OK) {
    sqlite3_stmt* check = nullptr;
    if (sqlite3_prepare_v2(handle, "PRAGMA integrity_check(1)", -1, &check, nullptr) == SQLITE_OK &&
        sqlite3_step(check) == SQLITE_ROW)
      said = reinterpret_cast<const char*>(sqlite3_column_text(check, 0));
    sqlite3_finalize(check);
  }
  sqlite3_close(handle);
  return said == "ok";
}

struct FootageDamageTest : testing::Test {
  TemporaryFolder folder;
  SetClock clock;
  telemetry::Metrics metrics{[] {
    telemetry::ClosedSets closed;
    closed.camera_ids = {"front", "back"};
    return closed;
  }()};
  std::filesystem::path recordings = folder.path() / "good/recordings";
  const MonotonicTime::duration last_run = clock.now().time_since_epoch();  // SetUp's
  std::string index;                                                        // the bytes of a sound one
  std::set<std::string> files;                                              // of the footage
  std::vector<Row> rows;

  static std::vector<Row> rows_of(FootageHouse& house) {
    std::vector<Row> list;
    for (const auto& row : house.segments())
      list.emplace_back(row.camera_id, row.file, row.begin.at.count(), row.end_at.count(), row.bytes,
                        row.state);
    return list;
  }

  void SetUp() override {
    std::filesystem::create_directory(folder.path() / "good");
    FootageHouse house(folder.path() / "good", clock, metrics, {{"front"}, {"back"}});
    house.start();
    ASSERT_TRUE(house.is_ready());
    house.stop();
    for (int i = 0; i < 4; ++i) {
      make_segment(recordings, "old", 10'000 * (i + 1), wall_at(-50'000), record::test::Left::finished,
                   "front");
      make_segment(recordings, "now", 10'000 * (i + 1), wall_at(0), record::test::Left::finished, "back");
    }
    house.start();
    ASSERT_TRUE(house.is_ready());
    house.settle();
    rows = rows_of(house);
    house.stop();
    ASSERT_EQ(rows.size(), 8U);
    files = record::test::files_in(recordings);
    ASSERT_FALSE(std::filesystem::exists(folder.path() / "good/footage.db-wal"));  // it is all in the file
    index = read_file(folder.path() / "good/footage.db");
  }

  // Behind the last footage of each camera nobody recorded, up to the last run's end and since: it goes on,
  // by what ended that run, or by its being lost with the index. Nothing else is known of this boot, so
  // nothing else may be said.
  static void expect_causes(FootageHouse& house, bool anew, const std::string& what) {
    std::set<std::string> open;
    for (const auto& gap : house.gaps()) {
      const bool lost = gap.cause == event::GapCause::damaged;
      EXPECT_TRUE(lost ? anew : gap.cause == event::GapCause::stopped)
          << what << ": " << event::to_string(gap.cause);
      if (!gap.end) open.insert(gap.camera_id);
    }
    EXPECT_EQ(open.size(), 2U) << what;
  }

  // The page of one of its indexes: what the rows say can still be read.
  std::string torn_index_page() const {
    auto damaged = index;
    const auto file = folder.path() / "pages.db";
    write_file(file, index);
    sqlite3* handle = nullptr;
    sqlite3_stmt* root = nullptr;
    EXPECT_EQ(sqlite3_open_v2(file.c_str(), &handle, SQLITE_OPEN_READWRITE, nullptr), SQLITE_OK);
    sqlite3_prepare_v2(handle, "SELECT rootpage FROM sqlite_schema WHERE name = 'segments_by_end'", -1, &root,
                       nullptr);
    EXPECT_EQ(sqlite3_step(root), SQLITE_ROW);
    const auto at = static_cast<std::size_t>(sqlite3_column_int64(root, 0) - 1) * 4096;
    sqlite3_finalize(root);
    sqlite3_close(handle);
    for (auto i = at; i < at + 64; ++i) damaged[i] = static_cast<char>(damaged[i] ^ 0x5a);
    return damaged;
  }
  // Behind a damaged index, the cause of what is missing since.
  void expect_cause(event::GapCause cause, const std::string& damaged) {
    const auto storage = folder.path() / "cause";
    std::filesystem::create_directory(storage);
    if (!damaged.empty()) write_file(storage / "footage.db", damaged);
    const auto lost = metrics.counter("recording_gap_seconds_by_cause_total", {{"cause", "damaged"}});
    const auto before = lost.value();
    clock.advance(1s);
    FootageHouse house(storage, clock, metrics, {{"back"}});
    house.plan.recording.folder = recordings;
    house.boot_id = boot_id;
    house.start();
    ASSERT_TRUE(house.is_ready());
    house.settle();
    const auto gaps = house.gaps();
    ASSERT_FALSE(gaps.empty());
    EXPECT_EQ(gaps.back().cause, cause) << event::to_string(gaps.back().cause);
    EXPECT_FALSE(gaps.back().end);
    // Behind the last footage; where it can be read that the last run was there without recording, behind
    // that.
    EXPECT_EQ(gaps.back().begin.at, damaged.empty() ? 43s : last_run);
    // What was filled in is counted.
    double damaged_seconds = 0;
    for (const auto& gap : gaps)
      if (gap.cause == event::GapCause::damaged && gap.end)
        damaged_seconds += std::chrono::duration<double>(gap.end->at - gap.begin.at).count();
    EXPECT_GT(damaged_seconds, 0);
    EXPECT_TRUE(house.until([&] { return std::abs(lost.value() - before - damaged_seconds) < 0.01; }))
        << lost.value() - before << " of " << damaged_seconds;
    house.stop();
    std::filesystem::remove_all(storage);
  }
  // As a kill leaves it.
  void forget_the_end() {
    const auto file = folder.path() / "good/footage.db";
    sqlite3* handle = nullptr;
    ASSERT_EQ(sqlite3_open(file.c_str(), &handle), SQLITE_OK);
    ASSERT_EQ(sqlite3_exec(handle, "UPDATE run SET ended = 0; PRAGMA wal_checkpoint(TRUNCATE)", nullptr,
                           nullptr, nullptr),
              SQLITE_OK);
    sqlite3_close(handle);
    index = read_file(file);
  }
  std::string boot_id = "now";

  // True: it had to be made anew.
  bool expect_recovery(const std::string& damaged, const std::string& what) {
    const auto storage = folder.path() / "damaged";
    std::filesystem::create_directory(storage);
    write_file(storage / "footage.db", damaged);
    clock.advance(1s);
    FootageHouse house(storage, clock, metrics, {{"front"}, {"back"}});
    house.plan.recording.folder = recordings;
    house.start();
    const bool ready = house.is_ready();
    EXPECT_TRUE(ready) << what << ": " << (ready ? "" : house.lane->volume().error().text());
    house.stop();
    bool aside = false;
    for (const auto& entry : std::filesystem::directory_iterator(storage)) {
      const auto name = entry.path().filename().string();
      if (!name.starts_with("footage.db.damaged-") || name.ends_with("-wal") || name.ends_with("-shm"))
        continue;
      aside = true;
      // All whole pages of it are there.
      EXPECT_GT(read_file(entry.path()).size() + 4096, damaged.size()) << what;
    }
    EXPECT_EQ(record::test::files_in(recordings), files) << what;
    if (ready) {
      EXPECT_EQ(rows_of(house), rows) << what;
      expect_causes(house, aside || damaged.empty(), what);
    }
    std::filesystem::remove_all(storage);
    return aside;
  }
};

TEST_F(FootageDamageTest, CutAnywhere) {
  std::mt19937 random(1);
  int anew = 0;
  for (int i = 0; i < 200; ++i) {
    const auto size = random() % index.size();
    anew += expect_recovery(index.substr(0, size), "cut at " + std::to_string(size)) ? 1 : 0;
  }
  EXPECT_GT(anew, 150);
}

// What the library calls damaged is never worked with, however well the rows look; what it does not is used.
TEST_F(FootageDamageTest, BytesFlippedAnywhere) {
  std::mt19937 random(2);
  int unsound = 0;
  for (int i = 0; i < 300; ++i) {
    auto damaged = index;
    const auto first = random() % damaged.size();
    const auto count = 1 + random() % 64;
    // The version says which program wrote it; a newer one's file is refused by name, and not thrown away.
    for (auto at = first; at < std::min(first + count, damaged.size()); ++at)
      if (at < 60 || at > 63)
        damaged[at] = static_cast<char>(damaged[at] ^ static_cast<char>(1 + random() % 255));
    const auto what = "flipped " + std::to_string(count) + " from " + std::to_string(first);
    const auto judged = folder.path() / "judged.db";
    write_file(judged, damaged);
    const bool sound = is_sound(judged);
    for (const auto* companion : {"", "-wal", "-shm"}) std::filesystem::remove(judged.string() + companion);
    unsound += sound ? 0 : 1;
    const bool anew = expect_recovery(damaged, what);
    if (!sound) {
      EXPECT_TRUE(anew) << what << ": a damaged index was worked with";
    }
    if (testing::Test::HasFailure()) break;
  }
  std::printf("%d of 300 were damaged\n", unsound);
  EXPECT_GT(unsound, 10);
  EXPECT_LT(unsound, 300);
}

TEST_F(FootageDamageTest, GoneAltogether) {
  expect_recovery("", "emptied");
}

TEST_F(FootageDamageTest, WhatEndedTheRunBeforeIsReadOutOfTheDamagedOne) {
  expect_cause(event::GapCause::stopped, torn_index_page());
  forget_the_end();
  expect_cause(event::GapCause::crash, torn_index_page());
  boot_id = "next";
  expect_cause(event::GapCause::power_cut, torn_index_page());
}

TEST_F(FootageDamageTest, OfAnIndexThatIsGoneNobodyKnowsWhatEndedTheRun) {
  expect_cause(event::GapCause::damaged, "");
  boot_id = "next";
  expect_cause(event::GapCause::damaged, "");
}

TEST_F(FootageDamageTest, ANewerProgramsIndexIsRefusedByName) {
  auto newer = index;
  newer[63] = 99;
  const auto storage = folder.path() / "newer";
  std::filesystem::create_directory(storage);
  write_file(storage / "footage.db", newer);
  FootageHouse house(storage, clock, metrics);
  house.plan.recording.folder = recordings;
  house.start();
  house.settle();
  const auto volume = house.lane->volume();
  ASSERT_FALSE(volume);
  EXPECT_NE(volume.error().text().find("newer"), std::string::npos) << volume.error().text();
  house.stop();
  EXPECT_EQ(read_file(storage / "footage.db"), newer);
  EXPECT_EQ(record::test::files_in(recordings), files);
}

// While recorders write: what goes on is in the new index, too.
TEST_F(FootageDamageTest, FoundWhileItIsUsed) {
  const auto storage = folder.path() / "used";
  std::filesystem::create_directory(storage);
  write_file(storage / "footage.db", index);
  FootageHouse house(storage, clock, metrics);
  house.plan.recording.folder = recordings;
  house.start();
  ASSERT_TRUE(house.is_ready());
  const auto part = make_segment(recordings, "now", 990'000, wall_at(0), record::test::Left::part);
  house.lane->tell(record::SegmentBegun{"front", part, record::test::at_ms(990'000), "mjpeg", "", 640, 32});
  house.lane->tell(record::GapNote{"back", event::GapCause::eof, "", record::test::at_ms(995'000), {}});
  house.settle();
  std::promise<Status> kept;
  house.lane->queue().push(
      ProtectSegments{{house.ask([&](auto& its) { return its.segment_of_file(part)->value().id; })},
                      true,
                      [&](Status status) { kept.set_value(std::move(status)); }});
  ASSERT_TRUE(kept.get_future().get());
  // As a bad page of the schema would look to it.
  sqlite3* other = nullptr;
  ASSERT_EQ(sqlite3_open((storage / "footage.db").c_str(), &other), SQLITE_OK);
  sqlite3_busy_timeout(other, 60'000);
  ASSERT_EQ(sqlite3_exec(other,
                         "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET rootpage = 9999 WHERE name = "
                         "'segments'; PRAGMA schema_version = 77",
                         nullptr, nullptr, nullptr),
            SQLITE_OK);
  sqlite3_close(other);
  const auto is_set_aside = [&] {
    for (const auto& entry : std::filesystem::directory_iterator(storage))
      if (entry.path().filename().string().starts_with("footage.db.damaged-")) return true;
    return false;
  };
  EXPECT_TRUE(house.until(is_set_aside, 5s));
  EXPECT_TRUE(house.lane->volume());  // recording went on all the time
  EXPECT_TRUE(house.until([&] { return house.segments().size() == 9; }, 5s));
  bool open = false;
  for (const auto& row : house.segments())
    open |= row.file == part && row.state == store::SegmentState::open && row.is_protected;
  EXPECT_TRUE(open);
  EXPECT_TRUE(std::filesystem::exists(recordings / (part + ".part")));
  house.lane->tell(record::GapNote{"back", event::GapCause::eof, "", record::test::at_ms(995'000),
                                   record::test::at_ms(999'000)});
  house.settle();
  std::size_t told = 0;
  bool ended = false;
  for (const auto& gap : house.gaps()) {
    if (gap.cause == event::GapCause::eof) ++told;
    ended |= gap.cause == event::GapCause::eof && gap.end && gap.end->at == 999'000ms;
  }
  EXPECT_TRUE(ended);
  EXPECT_EQ(told, 1U) << "read out of the damaged index and told again, it is one";
}

}  // namespace
}  // namespace porchlight::pipeline
