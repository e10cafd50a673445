// SPDX-License-Identifier: Apache-2.0
#include "porchlight/record/recovery.hpp"

#include "porchlight/record/footage_reader.hpp"
#include "record/footage_disk.hpp"
#include "record/sync_fault.hpp"

namespace porchlight::record {
namespace {

using namespace std::chrono_literals;
using store::SegmentState;
using test::Left;
using Names = std::set<std::string>;

struct RecoveryTest : testing::Test {
  TemporaryFolder folder;
  std::filesystem::path recordings = folder.path() / "recordings";
  std::optional<Volume> volume;
  std::unique_ptr<store::Database> database;
  std::unique_ptr<store::SegmentIndex> index;
  std::int64_t boot = 0;

  void SetUp() override {
    auto opened = Volume::open(recordings, {});
    ASSERT_TRUE(opened) << opened.error().text();
    volume = std::move(*opened);
    auto base = store::SegmentIndex::open(folder.path() / "footage.db", {}, nullptr);
    ASSERT_TRUE(base) << base.error().text();
    database = std::move(*base);
    index = std::make_unique<store::SegmentIndex>(*database);
    boot = *index->boot("now");
    ASSERT_TRUE(index->settle(boot, test::wall_at(0)));
  }
  std::string make(std::int64_t begin_ms, Left left = Left::finished) {
    return test::make_segment(recordings, "now", begin_ms, test::wall_at(0), left);
  }
  // What the index knew of it when the crash came: up to `known`.
  std::int64_t row(const std::string& file, std::int64_t begin_ms, SegmentState state,
                   std::chrono::milliseconds known = 1s) {
    store::Segment segment;
    segment.camera_id = "front";
    segment.file = file;
    segment.state = state;
    segment.begin = {boot, std::chrono::milliseconds(begin_ms)};
    segment.end_at = segment.begin.at + known;
    segment.codec = "mjpeg";
    auto id = index->begin(segment);
    EXPECT_TRUE(id) << id.error().text();
    return id ? *id : 0;
  }
  RecoveryReport recover(RecoveryOrder order = {.boot_id = "now"}) {
    auto report = recover_footage(*index, *volume, order);
    EXPECT_TRUE(report) << report.error().text();
    if (!order.live) expect_invariants();
    return report ? std::move(*report) : RecoveryReport{};
  }
  // 2 and 3 of docs/storage.md, and that once more changes nothing.
  void expect_invariants() {
    Names names;
    for (const auto& file : test::files_in(recordings))
      if (!file.starts_with(quarantine_folder)) names.insert(file);
    Names rows;
    for (const auto& segment : segments()) {
      rows.insert(segment.file);
      EXPECT_TRUE(segment.state == SegmentState::closed || segment.state == SegmentState::torn)
          << segment.file;
      const auto scanned = scan_segment(recordings / segment.file, Depth::contents);
      ASSERT_TRUE(scanned) << scanned.error().text();
      ASSERT_TRUE(scanned->tail) << segment.file;
      EXPECT_TRUE(scanned->faults.empty()) << scanned->faults.front();
      EXPECT_EQ(scanned->tail->torn, segment.state == SegmentState::torn);
      EXPECT_EQ(segment.bytes, std::filesystem::file_size(recordings / segment.file));
      EXPECT_EQ(segment.end_at - segment.begin.at, scanned->tail->duration);
    }
    EXPECT_EQ(names, rows);
    const auto before = test::files_in(recordings);
    const auto again = recover_footage(*index, *volume, {.boot_id = "now"});
    ASSERT_TRUE(again);
    EXPECT_EQ(again->healed + again->removed + again->adopted + again->missing + again->deleted, 0U);
    EXPECT_TRUE(again->quarantined.empty());
    EXPECT_EQ(test::files_in(recordings), before);
  }
  std::vector<store::Segment> segments() { return *index->segments({.limit = 1000, .oldest_first = true}); }
};

TEST_F(RecoveryTest, CreateEndedBeforeAnythingWasWritten) {
  std::filesystem::create_directories(recordings / "front/2026-11-26");
  test::append_bytes(recordings / "front/2026-11-26/15-04-05.000Z.mp4.part", "");
  const auto report = recover();
  EXPECT_EQ(report.removed, 1U);
  EXPECT_TRUE(segments().empty());
  EXPECT_TRUE(test::files_in(recordings).empty());
}

TEST_F(RecoveryTest, CreateEndedBeforeItsRow) {
  const auto file = make(5000, Left::part);
  const auto report = recover();
  EXPECT_EQ(report.healed, 1U);
  EXPECT_EQ(report.adopted, 1U);
  ASSERT_EQ(segments().size(), 1U);
  EXPECT_EQ(segments().front().file, file);
  EXPECT_EQ(segments().front().state, SegmentState::torn);
  EXPECT_EQ(segments().front().begin, (store::BootMoment{boot, 5s}));
  EXPECT_EQ(segments().front().start, test::wall_at(5));
}

// The recorder's rows ended where the next began; of the files one knows only how long they last.
TEST_F(RecoveryTest, FilesThatFollowEachOtherLeaveNoHoleBetweenTheirRows) {
  make(5000);    // three seconds each
  make(8300);    // came late
  make(11'100);  // overtakes
  make(14'700);  // something is missing before it
  RecoveryOrder order{.boot_id = "now"};
  order.holes_of = {"front"};
  auto report = recover_footage(*index, *volume, order);
  ASSERT_TRUE(report) << report.error().text();
  EXPECT_EQ(report->adopted, 4U);
  const auto rows = segments();
  ASSERT_EQ(rows.size(), 4U);
  EXPECT_EQ(rows[0].end_at, 8300ms);
  EXPECT_EQ(rows[1].end_at, 11'100ms);
  EXPECT_EQ(rows[2].end_at, 14'100ms);
  EXPECT_EQ(rows[3].end_at, 17'700ms);
  EXPECT_EQ(report->gaps.size(), 1U);
  const auto faults = check_footage(*index, recordings, {}, {});
  ASSERT_TRUE(faults) << faults.error().text();
  EXPECT_EQ(faults->size(), 0U) << faults->front().name << " " << faults->front().detail;
}

TEST_F(RecoveryTest, AppendEndedInTheMiddleOfAFragment) {
  const auto file = make(5000, Left::part);
  const auto id = row(file, 5000, SegmentState::open);
  test::append_bytes(recordings / (file + ".part"), std::string("\0\0\x10\0moofgarbage", 15));
  EXPECT_EQ(recover().healed, 1U);
  ASSERT_EQ(segments().size(), 1U);
  EXPECT_EQ(segments().front().id, id);
  EXPECT_EQ(segments().front().state, SegmentState::torn);
  EXPECT_GT(segments().front().end_at, 7s);  // more than the index knew
}

TEST_F(RecoveryTest, FinishEndedBetweenTailAndName) {
  const auto file = make(5000);
  std::filesystem::rename(recordings / file, recordings / (file + ".part"));
  const auto id = row(file, 5000, SegmentState::open);
  recover();
  ASSERT_EQ(segments().size(), 1U);
  EXPECT_EQ(segments().front().id, id);
  EXPECT_EQ(segments().front().state, SegmentState::closed);
}

TEST_F(RecoveryTest, FinishEndedBetweenNameAndRow) {
  const auto file = make(5000);
  const auto id = row(file, 5000, SegmentState::open);
  const auto report = recover();
  EXPECT_EQ(report.healed + report.adopted, 0U);
  ASSERT_EQ(segments().size(), 1U);
  EXPECT_EQ(segments().front().id, id);
  EXPECT_EQ(segments().front().state, SegmentState::closed);
  EXPECT_EQ(segments().front().frames, 30U);
  EXPECT_NE(segments().front().crc, 0U);
}

TEST_F(RecoveryTest, DeleteEndedBeforeTheFileWent) {
  const auto id = row(make(5000), 5000, SegmentState::closed);
  make(10'000);
  ASSERT_TRUE(index->begin_delete({id}));
  EXPECT_EQ(recover().deleted, 1U);
  EXPECT_EQ(segments().size(), 1U);
  EXPECT_EQ(test::files_in(recordings).size(), 1U);
  EXPECT_TRUE(index->gaps({})->empty());  // what retention deletes is no gap
}

TEST_F(RecoveryTest, DeleteEndedBeforeTheRowWent) {
  const auto file = make(5000);
  const auto id = row(file, 5000, SegmentState::closed);
  ASSERT_TRUE(index->begin_delete({id}));
  std::filesystem::remove(recordings / file);
  EXPECT_EQ(recover().deleted, 1U);
  EXPECT_TRUE(segments().empty());
  EXPECT_TRUE(index->gaps({})->empty());
}

TEST_F(RecoveryTest, ADeletionThatTheDiskRefusesKeepsNoOther) {
  const auto stuck = make(5000);
  const auto first = row(stuck, 5000, SegmentState::closed);
  const auto second = row(make(10'000), 10'000, SegmentState::closed);
  ASSERT_TRUE(index->begin_delete({first, second}));
  std::filesystem::remove(recordings / stuck);
  std::filesystem::create_directory(recordings / stuck);
  const auto report = recover_footage(*index, *volume, {.boot_id = "now"});
  ASSERT_TRUE(report) << report.error().text();
  EXPECT_EQ(report->deleted, 1U);
  ASSERT_EQ(report->unreadable.size(), 1U);
  EXPECT_NE(report->unreadable[0].find(stuck), std::string::npos) << report->unreadable[0];
  ASSERT_EQ(index->in_state(SegmentState::deleting, 10)->size(), 1U);
  EXPECT_EQ(index->in_state(SegmentState::deleting, 10)->front().id, first);
}

TEST_F(RecoveryTest, AFileWithoutARowGetsOne) {
  make(5000);
  EXPECT_EQ(recover().adopted, 1U);
  EXPECT_EQ(segments().front().state, SegmentState::closed);
  EXPECT_EQ(segments().front().codec, "mjpeg");
  EXPECT_EQ(segments().front().width, 640);
}

TEST_F(RecoveryTest, ARowWithoutAFileBecomesAGap) {
  const auto file = make(5000);
  row(file, 5000, SegmentState::closed, 3s);
  row(make(10'000), 10'000, SegmentState::closed, 3s);
  std::filesystem::remove(recordings / file);
  EXPECT_EQ(recover().missing, 1U);
  EXPECT_EQ(segments().size(), 1U);
  const auto gaps = *index->gaps({});
  ASSERT_EQ(gaps.size(), 1U);
  EXPECT_EQ(gaps.front().cause, event::GapCause::damaged);
  EXPECT_EQ(gaps.front().begin, (store::BootMoment{boot, 5s}));
  EXPECT_EQ(gaps.front().end, (store::BootMoment{boot, 8s}));
}

TEST_F(RecoveryTest, WhatIsNoSegmentIsPutAsideAndNothingOverwritten) {
  const auto file = make(5000);
  const auto day = (recordings / file).parent_path();
  for (int round = 0; round < 2; ++round) {
    test::append_bytes(day / "holiday.mp4", "this is no film");
    test::append_bytes(day / "notes.txt", "milk, bread");
    test::append_bytes(day / "x.mp4.part", "no film either, and long enough to have been read as boxes");
    EXPECT_EQ(recover().quarantined.size(), 3U);
  }
  EXPECT_EQ(test::files_in(recordings / quarantine_folder).size(), 6U);
  EXPECT_EQ(segments().size(), 1U);
}

TEST_F(RecoveryTest, OtherFoldersAreNobodysBusiness) {
  std::filesystem::create_directories(recordings / "lost+found/x");
  test::append_bytes(recordings / "lost+found/x/1", "found");
  test::append_bytes(recordings / "README.txt", "mine");
  for (const auto* name : {"photos/2025/x.jpg", "photos/2025/x.mp4", "photos/2025-01-01/12-00-00.000Z.mp4"}) {
    std::filesystem::create_directories((recordings / name).parent_path());
    test::append_bytes(recordings / name, "a picture of somebody else's");
  }
  EXPECT_TRUE(recover_footage(*index, *volume, {.boot_id = "now"})->quarantined.empty());
  EXPECT_EQ(test::files_in(recordings),
            (Names{"README.txt", "lost+found/x/1", "photos/2025-01-01/12-00-00.000Z.mp4", "photos/2025/x.jpg",
                   "photos/2025/x.mp4"}));
}

TEST_F(RecoveryTest, AFolderIsACamerasWhenAFileInItSaysSo) {
  const auto file = make(5000);
  test::append_bytes((recordings / file).parent_path() / "notes.txt", "milk");
  const auto report = recover_footage(*index, *volume, {.boot_id = "now"});
  ASSERT_TRUE(report);
  EXPECT_EQ(report->adopted, 1U);
  EXPECT_EQ(report->quarantined.size(), 1U);
}

TEST_F(RecoveryTest, ACopyOfASegmentIsNotTheSameTimeTwice) {
  const auto file = make(5000);
  recover();
  std::filesystem::copy(recordings / file, (recordings / file).parent_path() / "copy.mp4");
  EXPECT_EQ(recover().quarantined.size(), 1U);
  EXPECT_EQ(segments().size(), 1U);
}

TEST_F(RecoveryTest, ARowThatDoesNotFitItsFileIsMendedFromIt) {
  row(make(5000), 5000, SegmentState::closed, 1h);
  recover();
  EXPECT_EQ(segments().front().end_at, 8s);
}

TEST_F(RecoveryTest, RecordersAtWorkAreLeftAlone) {
  const auto part = make(5000, Left::part);
  row(part, 5000, SegmentState::open);
  const auto finished = make(10'000);  // its note is on its way
  row(finished, 10'000, SegmentState::open);
  const auto found = make(20'000);
  const auto report = recover({.boot_id = "now", .live = true});
  EXPECT_EQ(report.healed, 0U);
  EXPECT_EQ(report.adopted, 1U);
  EXPECT_TRUE(std::filesystem::exists(recordings / (part + ".part")));
  EXPECT_EQ(index->segment_of_file(part)->value().state, SegmentState::open);
  // With its name it is finished: the note may as well be lost.
  EXPECT_EQ(index->segment_of_file(finished)->value().state, SegmentState::closed);
  EXPECT_EQ(index->segment_of_file(found)->value().state, SegmentState::closed);
}

TEST_F(RecoveryTest, AnIndexThatWasLostIsHadAgainFromTheFiles) {
  using test::wall_at;
  test::make_segment(recordings, "old", 5000, wall_at(-10'000));
  test::make_segment(recordings, "old", 8000, wall_at(-10'000));
  test::make_segment(recordings, "old", 20'000, wall_at(-10'000));
  test::make_segment(recordings, "older", 7000, wall_at(-20'000));
  test::make_segment(recordings, "older", 7000, wall_at(-20'000), Left::finished, "back");
  make(4000);
  EXPECT_EQ(recover({.boot_id = "now", .holes_of = {"front"}}).adopted, 6U);
  const auto boots = *index->boots();
  ASSERT_EQ(boots.size(), 3U);
  EXPECT_EQ(boots[0].id, "older");
  EXPECT_EQ(boots[1].id, "old");
  EXPECT_EQ(boots[2].id, "now");
  EXPECT_EQ(boots[0].zero, wall_at(-20'000));
  const auto front = *index->segments({.camera_id = "front", .oldest_first = true});
  ASSERT_EQ(front.size(), 5U);
  EXPECT_EQ(front[0].start, wall_at(-19'993));
  EXPECT_EQ(front[4].start, wall_at(4));
  const auto gaps = *index->gaps({.oldest_first = true});
  ASSERT_EQ(gaps.size(), 3U);  // older → old, the hole in old, old → now; none of the other camera
  for (const auto& gap : gaps) {
    EXPECT_EQ(gap.camera_id, "front");
    EXPECT_EQ(gap.cause, event::GapCause::damaged);
  }
  EXPECT_EQ(gaps[1].start, wall_at(-10'000 + 11));
  EXPECT_EQ(gaps[1].stop, wall_at(-10'000 + 20));
}

TEST_F(RecoveryTest, ASegmentWhoseWritingFailedIsHealedWhenItIsTold) {
  const auto file = make(5000, Left::part);
  row(file, 5000, SegmentState::open);
  ASSERT_TRUE(heal_row(*index, *volume, file, false));
  EXPECT_EQ(index->segment_of_file(file)->value().state, SegmentState::torn);
  EXPECT_TRUE(std::filesystem::exists(recordings / file));

  std::filesystem::create_directories(recordings / "front/2026-11-26");
  test::append_bytes(recordings / "front/2026-11-26/empty.mp4.part", "");
  row("front/2026-11-26/empty.mp4", 20'000, SegmentState::open);
  ASSERT_TRUE(heal_row(*index, *volume, "front/2026-11-26/empty.mp4", true));
  EXPECT_FALSE(index->segment_of_file("front/2026-11-26/empty.mp4")->has_value());
  EXPECT_EQ(index->gaps({})->size(), 1U);
  expect_invariants();
}

TEST_F(RecoveryTest, FootageThatIsFoundLiesUnderNoGap) {
  make(5000, Left::part);  // its row was never written
  ASSERT_TRUE(index->begin_gap({.camera_id = "front", .cause = event::GapCause::crash, .begin = {boot, 3s}}));
  EXPECT_EQ(recover().adopted, 1U);
  const auto gaps = *index->gaps({.oldest_first = true});
  ASSERT_EQ(gaps.size(), 2U);
  EXPECT_EQ(gaps[0].begin, (store::BootMoment{boot, 3s}));
  EXPECT_EQ(gaps[0].end, (store::BootMoment{boot, 5s}));
  EXPECT_EQ(gaps[1].begin, (store::BootMoment{boot, segments().front().end_at}));
  EXPECT_FALSE(gaps[1].end);
}

// The number of a boot that comes to light says nothing of its place yet.
TEST_F(RecoveryTest, FootageOfAnUnknownBootCutsOnlyGapsOfItsOwnTime) {
  test::make_segment(recordings, "old", 5000, test::wall_at(-10'000));
  ASSERT_TRUE(
      index->begin_gap({.camera_id = "front", .cause = event::GapCause::network, .begin = {boot, 3s}}));
  EXPECT_EQ(recover().adopted, 1U);
  const auto now = *index->boot("now");
  EXPECT_EQ(now, 2);
  const auto gaps = *index->gaps({});
  ASSERT_EQ(gaps.size(), 1U);
  EXPECT_EQ(gaps.front().begin, (store::BootMoment{now, 3s}));
  EXPECT_FALSE(gaps.front().end);
}

// A link stands for what the disk gives an error for: it is never followed.
TEST_F(RecoveryTest, OneFileThatCannotBeReadKeepsNobodyFromRecording) {
  const auto good = make(5000);
  const std::string day = "front/2026-11-26/";
  std::filesystem::create_directories(recordings / day);
  const auto break_file = [&](const std::string& name) {
    std::filesystem::create_symlink("nowhere", recordings / name);
  };
  break_file(day + "found.mp4");
  break_file(day + "torn.mp4.part");
  row(day + "torn.mp4", 10'000, SegmentState::open);
  break_file(day + "whole.mp4");
  row(day + "whole.mp4", 15'000, SegmentState::closed);
  const auto report = recover_footage(*index, *volume, {.boot_id = "now"});
  ASSERT_TRUE(report) << report.error().text();
  EXPECT_EQ(report->unreadable.size(), 3U);
  for (const auto& fault : report->unreadable)
    EXPECT_NE(fault.find("2026-11-26"), std::string::npos) << fault;
  EXPECT_EQ(report->unhealed, std::vector{day + "torn.mp4"});
  EXPECT_EQ(report->adopted, 1U);
  EXPECT_EQ(report->missing, 0U);
  // Neither files nor rows were touched.
  for (const auto* name : {"found.mp4", "torn.mp4.part", "whole.mp4"})
    EXPECT_TRUE(std::filesystem::is_symlink(recordings / (day + name))) << name;
  EXPECT_EQ(index->segment_of_file(day + "torn.mp4")->value().state, SegmentState::open);
  EXPECT_EQ(index->segment_of_file(day + "whole.mp4")->value().state, SegmentState::closed);
  EXPECT_EQ(index->segment_of_file(good)->value().state, SegmentState::closed);
  EXPECT_TRUE(index->gaps({})->empty());
}

// The index is lost, and only the files say whose they are.
TEST_F(RecoveryTest, AFolderOfWhichNobodyCanTellKeepsNoOtherFromItsRows) {
  const auto good = make(5000);
  const auto day = (recordings / good).parent_path();
  // Folders have no order: most likely one of them comes before the good one.
  for (int minute = 10; minute < 20; ++minute)
    std::filesystem::create_symlink("nowhere", day / ("16-" + std::to_string(minute) + "-00.000Z.mp4"));
  std::filesystem::create_directories(recordings / "back/2026-11-26");
  std::filesystem::create_symlink("nowhere", recordings / "back/2026-11-26/12-00-00.000Z.mp4");
  test::append_bytes(recordings / "back/2026-11-26/notes.txt", "maybe another's");
  const auto before = test::files_in(recordings);
  const auto report = recover_footage(*index, *volume, {.boot_id = "now"});
  ASSERT_TRUE(report) << report.error().text();
  EXPECT_EQ(report->adopted, 1U);
  EXPECT_EQ(report->unreadable.size(), 11U);
  EXPECT_TRUE(report->quarantined.empty());
  EXPECT_EQ(test::files_in(recordings), before);
  EXPECT_EQ(index->segment_of_file(good)->value().state, SegmentState::closed);
}

TEST_F(RecoveryTest, ASyncThatFailsWhileHealingLeavesWhatWasKeptBefore) {
  const auto file = make(5000, Left::part);
  const auto id = row(file, 5000, SegmentState::open);
  const auto part = recordings / (file + ".part");
  const auto kept = test::end_of_first_fragment(part);
  ASSERT_TRUE(index->grow({{file, 5800ms, kept, 8}}));
  test::fail_part_syncs(1);
  const auto report = recover_footage(*index, *volume, {.boot_id = "now"});
  ASSERT_TRUE(report) << report.error().text();
  EXPECT_EQ(report->unhealed, std::vector{file});
  EXPECT_EQ(std::filesystem::file_size(part), kept);
  EXPECT_EQ((*index->segment(id))->state, SegmentState::open);
  EXPECT_EQ(recover().healed, 1U);
  ASSERT_EQ(segments().size(), 1U);
  EXPECT_EQ(segments().front().state, SegmentState::torn);
  EXPECT_EQ(scan_segment(recordings / file)->fragments, 1U);
}

// As the recorder left it that could not cut its file any more.
TEST_F(RecoveryTest, BehindAFailedSyncNothingCountsHoweverWellItLooks) {
  const auto file = make(5000, Left::part);
  row(file, 5000, SegmentState::open);
  const auto kept = test::end_of_first_fragment(recordings / (file + ".part"));
  ASSERT_TRUE(index->grow({{file, 5800ms, kept, 8}}));
  ASSERT_TRUE(heal_row(*index, *volume, file, true));
  const auto scanned = scan_segment(recordings / file);
  ASSERT_TRUE(scanned) << scanned.error().text();
  EXPECT_EQ(scanned->fragments, 1U);
  EXPECT_EQ(scanned->tail->bytes, kept);
  expect_invariants();
}

}  // namespace
}  // namespace porchlight::record
