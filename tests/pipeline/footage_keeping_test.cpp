// SPDX-License-Identifier: Apache-2.0
// Who is deleted when, by whom; and who is not.
#include <cmath>

#include "pipeline/footage_lane_fixture.hpp"

namespace porchlight::pipeline {
namespace {

using namespace std::chrono_literals;
using record::test::make_segment;
using record::test::wall_at;
using store::SegmentState;

TEST_F(FootageLaneTest, TheOldestSegmentOfACameraIsInTheMetrics) {
  house.start();
  ASSERT_TRUE(house.is_ready());
  house.stop();
  const auto oldest = make_segment(recordings, "now", 20'000);
  make_segment(recordings, "now", 30'000);
  house.start();
  ASSERT_TRUE(house.is_ready());
  const auto shown = [&] {
    return metrics.gauge("recording_oldest_segment_timestamp_seconds", {{"camera_id", "front"}}).value();
  };
  const auto expect_oldest = [&] {
    const auto start = house.segments().front().start;
    ASSERT_TRUE(start);
    const auto seconds = std::chrono::duration<double>(start->time_since_epoch()).count();
    EXPECT_TRUE(house.until([&] { return std::abs(shown() - seconds) < 0.001; }, 30s)) << shown();
  };
  ASSERT_TRUE(
      house.until([&] { return house.segments().size() == 2 && house.segments().front().start; }, 5s));
  expect_oldest();
  EXPECT_NEAR(shown(), 1'764'000'020, 0.001);
  std::promise<Status> done;
  house.lane->queue().push(DeleteSegments{{house.segments().front().id},
                                          record::DeletionReason::operator_,
                                          [&](Status status) { done.set_value(std::move(status)); }});
  ASSERT_TRUE(done.get_future().get());
  ASSERT_EQ(house.segments().size(), 1U);
  EXPECT_NE(house.segments().front().file, oldest);
  expect_oldest();
  EXPECT_NEAR(shown(), 1'764'000'030, 0.001);
}

TEST_F(FootageLaneTest, WhatIsTooOldGoesOnceTheClockHasSettled) {
  house.start();
  ASSERT_TRUE(house.is_ready());
  house.stop();
  const auto gone = make_segment(recordings, "old", 1000, wall_at(-31 * 86'400));
  const auto kept = make_segment(recordings, "old", 1000 + 3 * 86'400'000, wall_at(-31 * 86'400));
  house.start();
  ASSERT_TRUE(house.is_ready());
  house.settle();
  EXPECT_EQ(house.segments().size(), 2U);  // a clock that has just been believed may be wrong
  house.pass(11min);
  EXPECT_TRUE(house.until([&] { return house.segments().size() == 1; }, 5s));
  EXPECT_EQ(house.segments().front().file, kept);
  EXPECT_FALSE(std::filesystem::exists(recordings / gone));
  EXPECT_EQ(deleted("age"), 1);
  EXPECT_EQ(deleted("space"), 0);
}

TEST_F(FootageLaneTest, AClockThatJumpsFarAheadDeletesNothingUntilItIsSynchronised) {
  house.start();
  ASSERT_TRUE(house.is_ready());
  house.stop();
  const auto old = make_segment(recordings, "old", 1000, wall_at(-31 * 86'400));
  const auto fresh = make_segment(recordings, "old", 1000 + 3 * 86'400'000, wall_at(-31 * 86'400));
  house.start();
  ASSERT_TRUE(house.is_ready());
  house.settle();
  house.synchronised = false;
  clock.set_zero(wall_at(400 * 86'400));
  house.pass(11min);
  for (int i = 0; i < 5; ++i) house.pass(5s);
  EXPECT_EQ(house.segments().size(), 2U);
  // Set right again it goes on as before, by hand, too.
  clock.set_zero(wall_at(60));
  house.pass(11min);
  EXPECT_TRUE(house.until([&] { return house.segments().size() == 1; }, 5s));
  EXPECT_EQ(house.segments().front().file, fresh);
  // And if it is right, it is right.
  clock.set_zero(wall_at(400 * 86'400));
  house.pass(11min);
  for (int i = 0; i < 5; ++i) house.pass(5s);
  EXPECT_EQ(house.segments().size(), 1U);
  house.synchronised = true;
  EXPECT_TRUE(house.until([&] { return house.segments().empty(); }, 5s));
  EXPECT_EQ(deleted("age"), 2);
}

TEST_F(FootageLaneTest, TheOldestGoesForSpaceAndWhatIsProtectedStays) {
  house.start();
  ASSERT_TRUE(house.is_ready());
  house.stop();
  std::vector<std::string> files;
  for (int i = 0; i < 4; ++i) files.push_back(make_segment(recordings, "now", 10'000 * (i + 1)));
  house.plan.recording.space = {std::filesystem::file_size(recordings / files[0]) * 5 / 2, 0};
  house.prepare([&](store::SegmentIndex& index) {
    auto volume = record::Volume::open(recordings, {});
    ASSERT_TRUE(volume);
    ASSERT_TRUE(record::recover_footage(index, *volume, {.boot_id = "now"}));
    ASSERT_TRUE(index.protect(index.segment_of_file(files[0])->value().id, true));
  });
  house.start();
  ASSERT_TRUE(house.is_ready());
  EXPECT_TRUE(house.until([&] { return house.segments().size() == 2; }, 5s));
  EXPECT_EQ(house.segments()[0].file, files[0]);
  EXPECT_EQ(house.segments()[1].file, files[3]);
  EXPECT_EQ(record::test::files_in(recordings).size(), 2U);
  EXPECT_EQ(deleted("space"), 2);
  // Somebody's orders.
  std::promise<Status> refused;
  house.lane->queue().push(DeleteSegments{{house.segments()[0].id},
                                          record::DeletionReason::operator_,
                                          [&](Status status) { refused.set_value(std::move(status)); }});
  EXPECT_FALSE(refused.get_future().get());
  std::promise<Status> done;
  house.lane->queue().push(DeleteSegments{{house.segments()[1].id},
                                          record::DeletionReason::operator_,
                                          [&](Status status) { done.set_value(std::move(status)); }});
  EXPECT_TRUE(done.get_future().get());
  EXPECT_EQ(house.segments().size(), 1U);
  EXPECT_EQ(deleted("operator"), 1);
}

TEST_F(FootageLaneTest, WhatIsProtectedIsSoWhenTheIndexIsLost) {
  house.start();
  ASSERT_TRUE(house.is_ready());
  house.stop();
  std::vector<std::string> files;
  for (int i = 0; i < 3; ++i) files.push_back(make_segment(recordings, "now", 10'000 * (i + 1)));
  const auto protect = [&](const std::string& file, bool wanted) {
    const auto id = house.ask([&](auto& index) { return index.segment_of_file(file)->value().id; });
    std::promise<Status> done;
    house.lane->queue().push(
        ProtectSegments{{id}, wanted, [&](Status status) { done.set_value(std::move(status)); }});
    return done.get_future().get();
  };
  const auto start = [&] {
    house.start();
    EXPECT_TRUE(house.is_ready());
    EXPECT_TRUE(house.until([&] { return house.segments().size() == 3; }, 5s));
  };
  const auto lose_index = [&] {
    house.stop();
    for (const auto* ending : {"", "-wal", "-shm"})
      std::filesystem::remove(folder.path() / (std::string("footage.db") + ending));
    start();
  };
  const auto kept = [&] {
    std::vector<bool> list;
    for (const auto& segment : house.segments()) list.push_back(segment.is_protected);
    return list;
  };
  start();
  ASSERT_TRUE(protect(files[0], true));
  ASSERT_TRUE(protect(files[2], true));
  lose_index();
  EXPECT_EQ(kept(), (std::vector{true, false, true}));
  ASSERT_TRUE(protect(files[0], false));
  lose_index();
  EXPECT_EQ(kept(), (std::vector{false, false, true}));
  // A file that nobody can read just now is not forgotten over another.
  house.stop();
  std::filesystem::rename(recordings / files[2], recordings / (files[2] + ".part"));
  std::filesystem::remove(folder.path() / "footage.db");
  house.prepare([&](store::SegmentIndex& index) {
    const auto id = record::Volume::open(recordings, {})->id();
    ASSERT_TRUE(index.set_volume_id(id));
    ASSERT_TRUE(record::write_protection(recordings, index));
  });
  start();
  EXPECT_EQ(kept(), (std::vector{false, false, true}));
  // What the volume does not take is not said to be protected.
  const auto list = recordings / record::protection_file;
  std::filesystem::remove(list);
  std::filesystem::create_directory(list);
  const auto refused = protect(files[1], true);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().text().find(record::protection_file), std::string::npos)
      << refused.error().text();
  EXPECT_EQ(kept(), (std::vector{false, false, true}));
}

// In place of a file something that no unlink removes, whoever asks.
void make_undeletable(const std::filesystem::path& file) {
  std::filesystem::remove(file);
  std::filesystem::create_directory(file);
}

TEST_F(FootageLaneTest, WhatCannotBeDeletedIsToldOnceAndOtherFootageGoesInstead) {
  house.start();
  ASSERT_TRUE(house.is_ready());
  house.stop();
  std::vector<std::string> files;
  for (int i = 0; i < 6; ++i) files.push_back(make_segment(recordings, "now", 10'000 * (i + 1)));
  const auto size = std::filesystem::file_size(recordings / files[0]);
  house.start();
  ASSERT_TRUE(house.is_ready());
  ASSERT_TRUE(house.until([&] { return house.segments().size() == 6; }, 5s));
  make_undeletable(recordings / files[0]);
  make_undeletable(recordings / files[2]);
  const auto errors = metrics.counter(
      "errors_total", {{"component", "storage"}, {"error_type", "io"}, {"severity", "error"}});
  const auto before = errors.value();
  // Three may be kept. Two of the six stay on the disk, and go on counting.
  house.plan.recording.space = {size * 7 / 2, 0};
  house.lane->configure(std::make_shared<const FootagePlan>(house.plan));
  const auto there = [&](std::size_t i) { return std::filesystem::exists(recordings / files[i]); };
  EXPECT_TRUE(house.until([&] { return !there(1) && !there(3) && !there(4); }, 5s));
  EXPECT_TRUE(there(5));
  EXPECT_EQ(deleted("space"), 3);
  for (int i = 0; i < 3; ++i) house.pass(5s);
  EXPECT_TRUE(there(5)) << "there is space enough now";
  EXPECT_EQ(errors.value() - before, 2) << "each is told once";
  // Mended, they go.
  std::filesystem::remove(recordings / files[0]);
  std::filesystem::remove(recordings / files[2]);
  EXPECT_TRUE(house.until([&] { return house.segments().size() == 1; }, 5s));
  EXPECT_EQ(deleted("space"), 5);
  EXPECT_TRUE(there(5));
}

TEST_F(FootageLaneTest, WhereNothingCanBeDeletedNotEverythingIsGivenUp) {
  house.start();
  ASSERT_TRUE(house.is_ready());
  house.stop();
  std::vector<std::string> files;
  for (int i = 0; i < 100; ++i) files.push_back(make_segment(recordings, "now", 10'000 * (i + 1)));
  house.start();
  ASSERT_TRUE(house.is_ready());
  ASSERT_TRUE(house.until([&] { return house.segments().size() == 100; }, 5s));
  for (const auto& file : files) make_undeletable(recordings / file);
  house.plan.recording.space = {1, 0};
  house.lane->configure(std::make_shared<const FootagePlan>(house.plan));
  ASSERT_TRUE(house.until([&] { return !house.told().empty(); }, 5s));
  for (int i = 0; i < 5; ++i) house.pass(5s);
  EXPECT_EQ(house.told(), std::vector{VolumeFault::almost_full});
  const auto of_state = [&](SegmentState state) {
    return house.ask([&](auto& index) { return index.in_state(state, 1000)->size(); });
  };
  EXPECT_EQ(of_state(SegmentState::deleting), 64U);
  EXPECT_EQ(of_state(SegmentState::closed), 36U);
  // Somebody who asks for it is told why not.
  std::promise<Status> refused;
  const auto id = house.ask([&](auto& index) { return index.in_state(SegmentState::closed, 1)->front().id; });
  house.lane->queue().push(DeleteSegments{
      {id}, record::DeletionReason::operator_, [&](Status status) { refused.set_value(std::move(status)); }});
  const auto answer = refused.get_future().get();
  ASSERT_FALSE(answer);
  EXPECT_NE(answer.error().text().find("delete '"), std::string::npos) << answer.error().text();
}

TEST_F(FootageLaneTest, ARecorderWithoutSpaceGetsNoneWhereThereIsSome) {
  house.start();
  ASSERT_TRUE(house.is_ready());
  house.stop();
  make_segment(recordings, "now", 10'000);
  house.start();
  ASSERT_TRUE(house.is_ready());
  house.settle();
  ASSERT_EQ(house.segments().size(), 1U);
  const auto space = record::Volume::open(recordings, std::nullopt)->space();
  ASSERT_TRUE(space);
  if (space->free < (std::uint64_t{65} << 20U)) GTEST_SKIP() << "this disk is full";
  for (int i = 0; i < 3; ++i) {
    house.lane->make_room();
    house.settle();
    house.pass(1s);
  }
  EXPECT_EQ(house.segments().size(), 1U) << "what the write failed of, it was not this";
  EXPECT_EQ(deleted("space"), 0);
}

}  // namespace
}  // namespace porchlight::pipeline
