// SPDX-License-Identifier: Apache-2.0
#include "pipeline/footage_lane.hpp"

#include <sqlite3.h>

#include <map>

#include "pipeline/footage_lane_fixture.hpp"

namespace porchlight::pipeline {
namespace {

using namespace std::chrono_literals;
using event::GapCause;
using record::test::at_ms;
using record::test::Left;
using record::test::make_segment;
using record::test::wall_at;
using std::chrono::milliseconds;
using store::BootMoment;
using store::SegmentState;

TEST_F(FootageLaneTest, NothingMayBeWrittenBeforeTheFootageWasLookedThrough) {
  house.start();
  ASSERT_TRUE(house.is_ready());
  EXPECT_EQ((*house.lane->volume())->folder(), recordings);
  house.stop();

  // The volume is not there: everything else goes on.
  std::filesystem::rename(recordings, folder.path() / "elsewhere");
  house.start();
  house.settle();
  auto volume = house.lane->volume();
  ASSERT_FALSE(volume);
  EXPECT_EQ(volume.error().code(), ErrorCode::not_found) << volume.error().text();
  EXPECT_EQ(house.told(), std::vector{VolumeFault::missing});
  std::filesystem::rename(folder.path() / "elsewhere", recordings);
  EXPECT_TRUE(house.until([&] { return house.lane->volume().ok(); }, 5s));
  EXPECT_EQ(house.told(), (std::vector{VolumeFault::missing, VolumeFault::back}));
}

TEST_F(FootageLaneTest, AVolumeThatGoesAwayStopsRecordingUntilItIsBack) {
  house.start();
  ASSERT_TRUE(house.is_ready());
  std::filesystem::rename(recordings, folder.path() / "elsewhere");
  std::filesystem::create_directory(recordings);  // the bare mount point
  house.pass(5s);
  EXPECT_EQ(house.lane->volume().error().code(), ErrorCode::not_found);
  EXPECT_TRUE(record::test::files_in(recordings).empty());  // it is not taken for an empty volume
  // Another disk.
  ASSERT_TRUE(record::Volume::init(recordings));
  house.pass(5s);
  EXPECT_EQ(house.lane->volume().error().code(), ErrorCode::already_exists);
  EXPECT_EQ(house.told(), (std::vector{VolumeFault::missing, VolumeFault::wrong_volume}));
  // Meanwhile the ledger is kept.
  tell(record::GapNote{"front", GapCause::volume, "", at_ms(1'000'000), {}});
  house.settle();
  EXPECT_EQ(house.gaps().size(), 1U);
  std::filesystem::remove_all(recordings);
  std::filesystem::rename(folder.path() / "elsewhere", recordings);
  house.pass(5s);
  EXPECT_TRUE(house.lane->volume());
}

TEST_F(FootageLaneTest, NotesBecomeRows) {
  house.start();
  ASSERT_TRUE(house.is_ready());
  tell(begun("front/d/1.mp4", 1'000'100));
  house.settle();
  ASSERT_EQ(house.segments().size(), 1U);
  EXPECT_EQ(house.segments().front().state, SegmentState::open);
  EXPECT_EQ(house.segments().front().codec, "h264");
  EXPECT_EQ(house.segments().front().begin, (BootMoment{1, 1'000'100ms}));
  EXPECT_EQ(house.segments().front().start, clock.wall() + 100ms);

  tell(record::SegmentGrown{"front", "front/d/1.mp4", at_ms(1'005'000), 4000, 80});
  house.settle();
  EXPECT_EQ(house.segments().front().bytes, 0U);  // not each for itself
  house.pass(10s);
  EXPECT_EQ(house.segments().front().bytes, 4000U);
  EXPECT_EQ(house.segments().front().end_at, 1'005'000ms);

  const auto event = event::EventId::generate(clock.wall());
  tell(record::SpanNote{"front", event, at_ms(1'004'000), at_ms(1'007'000)});
  tell(finished("front/d/1.mp4", 1'010'000));
  tell(record::GapNote{"front", GapCause::eof, "closed", at_ms(1'010'000), {}});
  house.settle();
  EXPECT_EQ(house.segments().front().state, SegmentState::closed);
  EXPECT_EQ(house.segments().front().crc, 77U);
  EXPECT_EQ(house.ask([](auto& index) { return index.oldest(true, 10)->size(); }), 1U);
  ASSERT_EQ(house.gaps().size(), 1U);
  EXPECT_FALSE(house.gaps().front().end);
  tell(record::GapNote{"front", GapCause::eof, "closed", at_ms(1'010'000), at_ms(1'012'000)});
  house.settle();
  ASSERT_EQ(house.gaps().size(), 1U);
  EXPECT_EQ(house.gaps().front().end, (BootMoment{1, 1'012'000ms}));
}

TEST_F(FootageLaneTest, WhatCannotBeWrittenIsHeldAndWrittenLater) {
  house.start();
  ASSERT_TRUE(house.is_ready());
  sqlite3* other = nullptr;
  ASSERT_EQ(sqlite3_open((folder.path() / "footage.db").c_str(), &other), SQLITE_OK);
  sqlite3_busy_timeout(other, 60'000);
  ASSERT_EQ(sqlite3_exec(other, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr), SQLITE_OK);
  tell(begun("front/d/1.mp4", 1'000'100));
  tell(finished("front/d/1.mp4", 1'001'000));
  const auto faults = metrics.counter(
      "errors_total", {{"component", "storage"}, {"error_type", "io"}, {"severity", "error"}});
  for (int i = 0; i < 6000 && faults.value() == 0; ++i) std::this_thread::sleep_for(10ms);
  EXPECT_GT(faults.value(), 0);
  EXPECT_TRUE(house.segments().empty());
  EXPECT_TRUE(house.lane->volume());  // recording goes on
  ASSERT_EQ(sqlite3_exec(other, "ROLLBACK", nullptr, nullptr, nullptr), SQLITE_OK);
  sqlite3_close(other);
  EXPECT_TRUE(house.until([&] { return house.segments().size() == 1; }, 1s));
  EXPECT_TRUE(house.until([&] { return house.segments().front().state == SegmentState::closed; }, 1s));
}

TEST_F(FootageLaneTest, ASegmentWhoseWritingFailedIsHealed) {
  house.start();
  ASSERT_TRUE(house.is_ready());
  const auto file = make_segment(recordings, "now", 1'000'000, wall_at(0), Left::part);
  tell(begun(file, 1'000'000));
  auto note = finished(file, 1'001'000);
  note.whole = false;
  note.bytes = std::filesystem::file_size(recordings / (file + ".part"));
  tell(note);
  EXPECT_TRUE(house.until([&] {
    const auto rows = house.segments();
    return rows.size() == 1 && rows.front().state == SegmentState::torn;
  }));
  EXPECT_TRUE(std::filesystem::exists(recordings / file));
}

// The times.

TEST_F(FootageLaneTest, NothingIsFiledUnder1970) {
  house.synchronised = false;
  clock.set_zero(WallTime{});
  house.start();
  ASSERT_TRUE(house.is_ready());
  EXPECT_FALSE(house.lane->wall(clock.now()));
  tell(begun("front/unsettled/now-1.mp4", 1'000'100));
  tell(finished("front/unsettled/now-1.mp4", 1'010'000));
  house.pass(11min);
  EXPECT_FALSE(house.lane->wall(clock.now()));  // 1970 is no time, however long one waits
  EXPECT_FALSE(house.segments().front().start);

  clock.set_zero(wall_at(0));
  house.synchronised = true;
  house.settle();
  EXPECT_EQ(house.lane->wall(at_ms(1'000'100)), wall_at(1000) + 100ms);
  EXPECT_EQ(house.segments().front().start, wall_at(1000) + 100ms);
}

TEST_F(FootageLaneTest, WithoutASynchronisedClockItTakesTenMinutesOfTheMachineOrAChip) {
  house.synchronised = false;
  clock.advance(std::chrono::duration_cast<std::chrono::milliseconds>(60s - clock.now().time_since_epoch()));
  house.start();
  ASSERT_TRUE(house.is_ready());
  house.pass(8min);
  EXPECT_FALSE(house.lane->wall(clock.now()));
  house.pass(1min);
  EXPECT_TRUE(house.lane->wall(clock.now()));
  house.stop();

  clock.advance(std::chrono::duration_cast<std::chrono::milliseconds>(60s - clock.now().time_since_epoch()));
  house.boot_id = "next";
  house.has_chip = true;
  house.start();
  ASSERT_TRUE(house.is_ready());
  EXPECT_TRUE(house.until([&] { return house.lane->wall(clock.now()).has_value(); }));
}

TEST_F(FootageLaneTest, WhatWasBelievedInThisBootIsBelievedByTheNextRun) {
  house.start();
  ASSERT_TRUE(house.is_ready());
  house.settle();
  house.stop();
  house.synchronised = false;
  house.start();
  ASSERT_TRUE(house.is_ready());
  EXPECT_TRUE(house.until([&] { return house.lane->wall(clock.now()).has_value(); }));
}

TEST_F(FootageLaneTest, AStepOfTheClockMovesEverythingOfTheBoot) {
  house.start();
  ASSERT_TRUE(house.is_ready());
  tell(begun("front/d/1.mp4", 1'000'100));
  tell(finished("front/d/1.mp4", 1'010'000));
  house.settle();
  clock.set_zero(wall_at(0) + 50ms);
  house.settle();
  EXPECT_EQ(house.segments().front().start, wall_at(1000) + 100ms);  // too little to matter
  clock.set_zero(wall_at(3600));
  house.settle();
  EXPECT_EQ(house.segments().front().start, wall_at(4600) + 100ms);
  EXPECT_EQ(house.lane->wall(at_ms(1'000'000)), wall_at(4600));
}

// What the last run left.

struct LastRunTest : FootageLaneTest {
  // One segment of three seconds, then the daemon lived for two more.
  void leave(const std::string& boot_id, bool ended) {
    house.start();
    ASSERT_TRUE(house.is_ready());
    house.stop();
    const auto file = make_segment(recordings, boot_id, 500'000, wall_at(-10'000));
    house.prepare([&](store::SegmentIndex& index) {
      const auto boot = *index.adopt_boot(boot_id, wall_at(-10'000));
      ASSERT_TRUE(index.order_boots("now"));
      store::Segment segment;
      segment.camera_id = "front";
      segment.file = file;
      segment.state = SegmentState::closed;
      segment.begin = {*index.boot(boot_id), 500s};
      segment.end_at = 503s;
      segment.bytes = std::filesystem::file_size(recordings / file);
      ASSERT_TRUE(index.begin(segment));
      const BootMoment alive{*index.boot(boot_id), 505s};
      ASSERT_TRUE(ended ? index.end_run(alive) : index.begin_run(alive));
      (void)boot;
    });
  }
  void expect_gap(GapCause cause) {
    house.start();
    ASSERT_TRUE(house.is_ready());
    house.settle();
    ASSERT_EQ(house.gaps().size(), 1U);
    EXPECT_EQ(house.gaps().front().cause, cause);
    EXPECT_EQ(house.gaps().front().begin.at, 503s);
    EXPECT_FALSE(house.gaps().front().end);
    tell(begun("front/d/1.mp4", 1'000'100));
    house.settle();
    EXPECT_EQ(house.gaps().front().end->at, 1'000'100ms);
  }
};

TEST_F(LastRunTest, ItHadBeenToldToEnd) {
  leave("before", true);
  expect_gap(GapCause::stopped);
}

TEST_F(LastRunTest, ItCrashedAndTheMachineRanOn) {
  leave("now", false);
  expect_gap(GapCause::crash);
  // No recorder was there to count what is missing.
  EXPECT_NEAR(metrics.counter("recording_gap_seconds_total", {{"camera_id", "front"}}).value(), 497.1, 0.01);
  EXPECT_NEAR(metrics.counter("recording_gap_seconds_by_cause_total", {{"cause", "crash"}}).value(), 497.1,
              0.01);
}

TEST_F(LastRunTest, TheMachineBeganAnew) {
  leave("before", false);
  expect_gap(GapCause::power_cut);
  const auto gap = house.gaps().front();
  ASSERT_TRUE(gap.start && gap.stop);
  const auto missing = std::chrono::duration<double>(*gap.stop - *gap.start).count();
  EXPECT_GT(missing, 1);
  EXPECT_NEAR(metrics.counter("recording_gap_seconds_by_cause_total", {{"cause", "power_cut"}}).value(),
              missing, 0.01);
}

TEST_F(LastRunTest, AGapThatWentOnEndsWithTheLastSignOfLife) {
  leave("before", false);
  house.prepare([&](store::SegmentIndex& index) {
    store::Gap gap;
    gap.camera_id = "front";
    gap.cause = GapCause::network;
    gap.begin = {*index.boot("before"), 503s};
    ASSERT_TRUE(index.begin_gap(gap));
  });
  house.start();
  ASSERT_TRUE(house.is_ready());
  house.settle();
  const auto gaps = house.gaps();
  ASSERT_EQ(gaps.size(), 2U);
  EXPECT_EQ(gaps[0].cause, GapCause::network);
  EXPECT_EQ(gaps[0].end->at, 505s);
  EXPECT_EQ(gaps[1].cause, GapCause::power_cut);
  EXPECT_EQ(gaps[1].begin, *gaps[0].end);
  // The camera is still away: its recorder says so, and the one gap ends where the other begins.
  tell(record::GapNote{"front", GapCause::timeout, "", at_ms(1'000'500), {}});
  house.settle();
  EXPECT_EQ(house.gaps()[1].end->at, 1'000'500ms);
  EXPECT_FALSE(house.gaps()[2].end);
}

TEST_F(LastRunTest, ATornSegmentReachesFurtherThanTheIndexKnew) {
  leave("before", false);
  const auto torn = make_segment(recordings, "before", 503'000, wall_at(-10'000), Left::part);
  house.prepare([&](store::SegmentIndex& index) {
    store::Segment segment;
    segment.camera_id = "front";
    segment.file = torn;
    segment.begin = {*index.boot("before"), 503s};
    segment.end_at = 503s;
    ASSERT_TRUE(index.begin(segment));
  });
  house.start();
  ASSERT_TRUE(house.is_ready());
  house.settle();
  ASSERT_EQ(house.segments().size(), 2U);
  EXPECT_EQ(house.segments()[1].state, SegmentState::torn);
  EXPECT_GT(house.segments()[1].end_at, 505s);
  ASSERT_EQ(house.gaps().size(), 1U);
  EXPECT_EQ(house.gaps().front().begin.at, house.segments()[1].end_at);
}

// The crash came between the file and its row.
TEST_F(LastRunTest, FootageThatTheIndexNeverKnewEndsTheGapBeforeIt) {
  leave("before", false);
  make_segment(recordings, "before", 504'000, wall_at(-10'000), Left::part);
  house.start();
  ASSERT_TRUE(house.is_ready());
  house.settle();
  const auto segments = house.segments();
  ASSERT_EQ(segments.size(), 2U);
  auto gaps = house.gaps();
  ASSERT_EQ(gaps.size(), 2U);
  EXPECT_EQ(gaps[0].begin.at, 503s);
  EXPECT_EQ(gaps[0].end->at, 504s);
  EXPECT_EQ(gaps[1].begin.at, segments[1].end_at);
  EXPECT_FALSE(gaps[1].end);
  tell(begun("front/d/1.mp4", 1'000'100));
  house.settle();
  gaps = house.gaps();
  ASSERT_EQ(gaps.size(), 2U);
  EXPECT_EQ(gaps[0].end->at, 504s);
  EXPECT_EQ(gaps[1].end->at, 1'000'100ms);
}

// The first sync that a camera ever had did not return before the daemon ended.
TEST_F(LastRunTest, FootageThatTheIndexNeverKnewMayBeAllThatIsKnownOfACamera) {
  house.start();
  ASSERT_TRUE(house.is_ready());
  house.stop();
  make_segment(recordings, "now", 1'000'000, wall_at(-10'000), Left::part);
  clock.advance(60s);
  house.start();
  ASSERT_TRUE(house.is_ready());
  house.settle();
  ASSERT_EQ(house.segments().size(), 1U);
  ASSERT_EQ(house.gaps().size(), 1U);
  EXPECT_EQ(house.gaps().front().cause, GapCause::stopped);
  EXPECT_EQ(house.gaps().front().begin.at, house.segments().front().end_at);
  EXPECT_FALSE(house.gaps().front().end);
  tell(begun("front/d/1.mp4", 1'060'100));
  house.settle();
  EXPECT_EQ(house.gaps().front().end->at, 1'060'100ms);
}

TEST_F(LastRunTest, OfACameraThatIsRecordedForEventsOnlyWhatTheyWantedIsMissing) {
  house.plan.cameras = {{"front", record::Mode::events}};
  leave("before", false);
  house.prepare([&](store::SegmentIndex& index) {
    const auto boot = *index.boot("before");
    ASSERT_TRUE(index.keep_span({event::EventId::generate(wall_at(1)), "front", {boot, 501s}, {boot, 510s}}));
  });
  house.start();
  ASSERT_TRUE(house.is_ready());
  house.settle();
  ASSERT_EQ(house.gaps().size(), 1U);
  EXPECT_EQ(house.gaps().front().begin.at, 503s);
  EXPECT_EQ(house.gaps().front().end->at, 510s);
}

TEST_F(LastRunTest, WhatAnEventWantedAndATornSegmentHoldsIsNotMissing) {
  house.plan.cameras = {{"front", record::Mode::events}};
  leave("before", false);
  const auto torn = make_segment(recordings, "before", 503'000, wall_at(-10'000), Left::part);
  house.prepare([&](store::SegmentIndex& index) {
    const auto boot = *index.boot("before");
    store::Segment segment;
    segment.camera_id = "front";
    segment.file = torn;
    segment.begin = {boot, 503s};
    segment.end_at = 503s;
    ASSERT_TRUE(index.begin(segment));
    ASSERT_TRUE(index.keep_span({event::EventId::generate(wall_at(1)), "front", {boot, 501s}, {boot, 505s}}));
  });
  house.start();
  ASSERT_TRUE(house.is_ready());
  house.settle();
  ASSERT_EQ(house.segments().size(), 2U);
  EXPECT_GT(house.segments()[1].end_at, 505s);
  EXPECT_TRUE(house.gaps().empty());
}

// A crash that cost an event's footage, a file that is gone, and a crash of a camera that records always.
TEST_F(LastRunTest, TheMetricsCountWhatTheLedgerGotAtTheStart) {
  house.plan.cameras = {{"front", record::Mode::events}, {"back"}};
  leave("now", false);
  house.prepare([&](store::SegmentIndex& index) {
    const auto boot = *index.boot("now");
    ASSERT_TRUE(index.keep_span({event::EventId::generate(wall_at(1)), "front", {boot, 501s}, {boot, 510s}}));
    store::Segment gone;
    gone.camera_id = "back";
    gone.file = "back/2026-11-26/gone.mp4";
    gone.state = SegmentState::closed;
    gone.begin = {boot, 504s};
    gone.end_at = 507s;
    gone.bytes = 5000;
    ASSERT_TRUE(index.begin(gone));
  });
  house.start();
  ASSERT_TRUE(house.is_ready());
  auto note = begun("back/d/1.mp4", 1'000'100);
  note.camera_id = "back";
  tell(note);
  house.settle();
  std::map<std::string, double> by_camera;
  std::map<GapCause, double> by_cause;
  for (const auto& gap : house.gaps()) {
    ASSERT_TRUE(gap.start && gap.stop);
    const auto seconds = std::chrono::duration<double>(*gap.stop - *gap.start).count();
    by_camera[gap.camera_id] += seconds;
    by_cause[gap.cause] += seconds;
  }
  EXPECT_NEAR(by_camera["front"], 7, 0.01);
  EXPECT_NEAR(by_cause[GapCause::damaged], 3, 0.01);
  EXPECT_NEAR(by_cause[GapCause::crash], 7 + 493.1, 0.01);
  const auto counted = [&](const char* name, const char* label, const std::string& value) {
    return metrics.counter(name, {{label, value}}).value();
  };
  EXPECT_TRUE(house.until([&] {
    return counted("recording_gap_seconds_by_cause_total", "cause", "damaged") > 0 &&
           counted("recording_gap_seconds_by_cause_total", "cause", "crash") > 8;
  }));
  for (const auto& [camera, seconds] : by_camera)
    EXPECT_NEAR(counted("recording_gap_seconds_total", "camera_id", camera), seconds, 0.01) << camera;
  for (const auto& [cause, seconds] : by_cause) {
    const std::string name(event::to_string(cause));
    EXPECT_NEAR(counted("recording_gap_seconds_by_cause_total", "cause", name), seconds, 0.01) << name;
  }
}

TEST_F(LastRunTest, AnOrderlyEndIsNoted) {
  house.start();
  ASSERT_TRUE(house.is_ready());
  EXPECT_FALSE(house.ask([](auto& index) { return index.last_run()->ended; }));
  house.stop();
  EXPECT_TRUE(house.ask([](auto& index) { return index.last_run()->ended; }));
}

}  // namespace
}  // namespace porchlight::pipeline
