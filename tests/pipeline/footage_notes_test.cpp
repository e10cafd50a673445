// SPDX-License-Identifier: Apache-2.0
// What the index makes of what recorders tell, of what they could not tell, and of files that cannot be
// healed.
#include "pipeline/footage_house.hpp"

namespace porchlight::pipeline {
namespace {

using namespace std::chrono_literals;
using event::GapCause;
using record::test::at_ms;
using record::test::Left;
using record::test::make_segment;
using record::test::wall_at;
using store::BootMoment;
using store::SegmentState;

struct FootageNotesTest : testing::Test {
  TemporaryFolder folder;
  SetClock clock;
  telemetry::Metrics metrics{[] {
    telemetry::ClosedSets closed;
    closed.camera_ids = {"front", "back"};
    return closed;
  }()};
  FootageHouse house{folder.path(), clock, metrics};
  std::filesystem::path recordings = folder.path() / "recordings";

  void tell(record::RecordNote note) { ASSERT_TRUE(house.lane->tell(std::move(note))); }
  record::SegmentBegun begun(const std::string& file, std::int64_t ms) {
    return {"front", file, at_ms(ms), "h264", "aac", 1920, 1080};
  }
  record::SegmentFinished finished(const std::string& file, std::int64_t ms) {
    return {"front", file, at_ms(ms), 5000, 100, 77, true};
  }
  double deleted(const std::string& reason) {
    return metrics.counter("recording_segments_deleted_total", {{"reason", reason}}).value();
  }
};

// Notes may get lost when an index cannot be written for long.
TEST_F(FootageNotesTest, WhatWasNotToldIsFoundInTheFiles) {
  house.start();
  ASSERT_TRUE(house.is_ready());
  tell(record::GapNote{"back", GapCause::eof, "", at_ms(1'000'000), {}});
  const auto first = make_segment(recordings, "now", 1'000'000);
  tell(begun(first, 1'000'000));
  house.settle();
  ASSERT_EQ(house.segments().front().state, SegmentState::open);
  // The end of the first and the begin of the second are missing.
  const auto second = make_segment(recordings, "now", 1'010'000);
  tell(finished(second, 1'013'000));
  EXPECT_TRUE(house.until(
      [&] {
        const auto rows = house.segments();
        return rows.size() == 2 && rows[0].state == SegmentState::closed &&
               rows[1].state == SegmentState::closed;
      },
      1s));
  EXPECT_EQ(house.segments()[0].end_at, 1'003'000ms);
  // What went on goes on in one row.
  ASSERT_EQ(house.gaps().size(), 1U);
  EXPECT_FALSE(house.gaps().front().end);
  tell(record::GapNote{"back", GapCause::eof, "", at_ms(1'000'000), at_ms(1'020'000)});
  house.settle();
  ASSERT_EQ(house.gaps().size(), 1U);
  EXPECT_EQ(house.gaps().front().end->at, 1'020'000ms);
}

TEST_F(FootageNotesTest, NoGapGoesOnWhereFootageBegins) {
  house.start();
  ASSERT_TRUE(house.is_ready());
  tell(record::GapNote{"front", GapCause::eof, "", at_ms(1'000'000), {}});
  tell(record::GapNote{"back", GapCause::eof, "", at_ms(1'000'000), {}});
  tell(begun("front/d/1.mp4", 1'002'000));
  house.settle();
  const auto end_of = [&](const std::string& camera) {
    std::vector<std::optional<BootMoment>> ends;
    for (const auto& gap : house.gaps())
      if (gap.camera_id == camera) ends.push_back(gap.end);
    return ends;
  };
  const std::vector<std::optional<BootMoment>> ended{BootMoment{1, 1'002'000ms}};
  EXPECT_EQ(end_of("front"), ended);
  EXPECT_EQ(end_of("back"), std::vector<std::optional<BootMoment>>{std::nullopt});
  // Its recorder tells the same behind it, or a later gap.
  tell(record::GapNote{"front", GapCause::eof, "", at_ms(1'000'000), at_ms(1'002'000)});
  house.settle();
  EXPECT_EQ(end_of("front"), ended);
  tell(record::GapNote{"front", GapCause::eof, "", at_ms(1'009'000), {}});
  house.settle();
  EXPECT_EQ(end_of("front").size(), 2U);
  EXPECT_FALSE(house.gaps().back().end);
}

TEST_F(FootageNotesTest, OneThatCannotBeHealedKeepsTheNextFromNothing) {
  house.start();
  ASSERT_TRUE(house.is_ready());
  const auto file = make_segment(recordings, "now", 1'000'000, wall_at(0), Left::part);
  const auto broken =
      (std::filesystem::path(file).parent_path() / "0.mp4").string();  // the first by its name
  std::filesystem::create_symlink("nowhere", recordings / (broken + ".part"));
  for (const auto& name : {broken, file}) {
    tell(begun(name, 1'000'000));
    auto note = finished(name, 1'001'000);
    note.whole = false;
    note.bytes = std::filesystem::file_size(recordings / (file + ".part"));
    tell(note);
  }
  EXPECT_TRUE(house.until(
      [&] {
        for (const auto& row : house.segments())
          if (row.file == file) return row.state == SegmentState::torn;
        return false;
      },
      5s));
  EXPECT_TRUE(std::filesystem::is_symlink(recordings / (broken + ".part")));
}

TEST_F(FootageNotesTest, OneFileThatCannotBeReadKeepsNobodyFromRecording) {
  house.start();
  ASSERT_TRUE(house.is_ready());
  house.stop();
  std::filesystem::create_directories(recordings / "front/2026-11-26");
  std::filesystem::create_symlink("nowhere", recordings / "front/2026-11-26/15-04-05.000Z.mp4.part");
  house.start();
  EXPECT_TRUE(house.is_ready());
  EXPECT_EQ(house.told(), std::vector<VolumeFault>());
}

// It is counted anew each hour, also in the middle of one.
TEST_F(FootageNotesTest, WhatIsBeingWrittenCountsOnce) {
  house.plan.recording.space = {7000, 0};
  house.start();
  ASSERT_TRUE(house.is_ready());
  tell(begun("front/d/1.mp4", 1'000'100));
  tell(record::SegmentGrown{"front", "front/d/1.mp4", at_ms(1'005'000), 4000, 80});
  house.settle();
  house.pass(10s);
  ASSERT_EQ(house.segments().front().bytes, 4000U);
  house.pass(1h);
  tell(finished("front/d/1.mp4", 1'010'000));  // 5,000
  for (int i = 0; i < 5; ++i) house.pass(5s);
  ASSERT_EQ(house.segments().size(), 1U);
  EXPECT_EQ(house.segments().front().state, SegmentState::closed);
  EXPECT_EQ(deleted("space"), 0);
}

TEST_F(FootageNotesTest, WhatWasHealedCountsAtOnce) {
  const auto size = [&](const std::string& file) {
    return std::filesystem::file_size(recordings / (file + ".part"));
  };
  std::filesystem::create_directories(recordings);
  const auto probe = make_segment(recordings, "now", 900'000, wall_at(0), Left::part);
  house.plan.recording.space = {size(probe) * 3 / 2, 0};
  std::filesystem::remove_all(recordings / "front");
  house.start();
  ASSERT_TRUE(house.is_ready());
  for (const std::int64_t at : {1'000'000, 1'010'000}) {
    const auto file = make_segment(recordings, "now", at, wall_at(0), Left::part);
    tell(begun(file, at));
    auto note = finished(file, at + 3000);
    note.whole = false;
    note.bytes = size(file);
    tell(note);
  }
  EXPECT_TRUE(house.until([&] { return deleted("space") == 1; }, 1s));
  ASSERT_EQ(house.segments().size(), 1U);
  EXPECT_EQ(house.segments().front().begin.at, 1'010'000ms);
}

}  // namespace
}  // namespace porchlight::pipeline
