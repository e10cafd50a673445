// SPDX-License-Identifier: Apache-2.0
// Which gaps and which troubles of the disk become events, and when.
#include "pipeline/footage_events.hpp"

#include <gmock/gmock.h>

namespace porchlight::pipeline {
namespace {

using namespace std::chrono_literals;
using event::DiskFault;
using event::GapCause;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

struct FootageEventsTest : testing::Test {
  SimulatedClock clock;
  std::vector<Incoming> told;
  FootageEvents events{clock, [this](Incoming incoming) { told.push_back(std::move(incoming)); }};

  void begin(MonotonicTime at, GapCause cause = GapCause::network, const std::string& camera = "front") {
    events.gap({camera, cause, {}, at, {}});
  }
  void end(MonotonicTime begun, MonotonicTime at, GapCause cause = GapCause::network,
           const std::string& camera = "front") {
    events.gap({camera, cause, {}, begun, at});
  }
  void pass(std::chrono::milliseconds span) {
    for (; span > 0ms; span -= 100ms) {
      clock.advance(100ms);
      events.turn();
    }
  }
  const event::FootageGap& gap(std::size_t index) const {
    return std::get<event::FootageGap>(told.at(index).event);
  }
  std::vector<DiskFault> faults() const {
    std::vector<DiskFault> list;
    for (const auto& incoming : told) list.push_back(std::get<event::DiskTrouble>(incoming.event).fault);
    return list;
  }
};

TEST_F(FootageEventsTest, AGapIsToldWhenItHasLastedAndAgainWithItsEnd) {
  clock.advance(60s);
  const auto begun = clock.now();
  const auto at = clock.wall();
  begin(begun, GapCause::stalled);
  pass(9900ms);
  EXPECT_THAT(told, IsEmpty());
  pass(100ms);
  ASSERT_THAT(told, SizeIs(1));
  EXPECT_FALSE(told[0].completes);
  EXPECT_EQ(gap(0).camera_id, "front");
  EXPECT_EQ(gap(0).cause, GapCause::stalled);
  EXPECT_FALSE(gap(0).ended);
  EXPECT_EQ(gap(0).seconds, 10);
  EXPECT_EQ(gap(0).header.at, at);
  EXPECT_EQ(gap(0).header.edge, begun);
  EXPECT_EQ(gap(0).header.id.text().substr(0, 13), event::EventId::generate(at).text().substr(0, 13));
  pass(60s);
  EXPECT_THAT(told, SizeIs(1)) << "once";
  end(begun, begun + 65s, GapCause::stalled);
  ASSERT_THAT(told, SizeIs(2));
  EXPECT_TRUE(told[1].completes);
  EXPECT_EQ(gap(1).header.id, gap(0).header.id);
  EXPECT_EQ(gap(1).header.at, at);
  EXPECT_EQ(gap(1).ended, at + 65s);
  EXPECT_EQ(gap(1).seconds, 65);
  pass(60s);
  EXPECT_THAT(told, SizeIs(2));
}

TEST_F(FootageEventsTest, AHiccupIsNotTold) {
  const auto begun = clock.now();
  begin(begun);
  pass(2s);
  end(begun, begun + 2s);
  pass(60s);
  EXPECT_THAT(told, IsEmpty());
  const auto again = clock.now();
  begin(again);
  end(again, again + 2001ms);
  ASSERT_THAT(told, SizeIs(1)) << "longer than a hiccup: told at its end, once and whole";
  EXPECT_FALSE(told[0].completes);
  EXPECT_TRUE(gap(0).ended);
  EXPECT_DOUBLE_EQ(gap(0).seconds, 2.001);
}

TEST_F(FootageEventsTest, AGapThatIsToldOfAtItsEndOnlyIsToldToo) {
  const auto now = clock.now();
  end(now, now + 3s, GapCause::overload);
  ASSERT_THAT(told, SizeIs(1));
  EXPECT_EQ(gap(0).cause, GapCause::overload);
  EXPECT_FALSE(told[0].completes);
}

TEST_F(FootageEventsTest, AShortGapMadeOnPurposeIsNotTold) {
  for (const auto cause : {GapCause::configuration, GapCause::stopped}) {
    const auto now = clock.now();
    end(now, now + 9900ms, cause);
    EXPECT_THAT(told, IsEmpty()) << to_string(cause);
    end(now + 20s, now + 30s, cause);
    EXPECT_THAT(told, SizeIs(1)) << to_string(cause);
    told.clear();
  }
}

TEST_F(FootageEventsTest, CamerasAndGapsAreToldApart) {
  const auto now = clock.now();
  begin(now, GapCause::eof, "front");
  begin(now, GapCause::auth, "yard");
  pass(5s);
  end(now, now + 1s, GapCause::eof, "front");
  pass(5s);
  ASSERT_THAT(told, SizeIs(1));
  EXPECT_EQ(gap(0).camera_id, "yard");
  end(now, now + 11s, GapCause::auth, "yard");
  ASSERT_THAT(told, SizeIs(2));
  EXPECT_TRUE(told[1].completes);
}

TEST_F(FootageEventsTest, ACauseThatBecomesKnownLaterIsTold) {
  const auto now = clock.now();
  begin(now, GapCause::network);
  pass(5s);
  begin(now, GapCause::auth);
  pass(6s);
  ASSERT_THAT(told, SizeIs(1));
  EXPECT_EQ(gap(0).cause, GapCause::auth);
}

// Set by an hour while it lasts: how long nothing was recorded stays what it is.
TEST_F(FootageEventsTest, AClockThatIsSetDoesNotBendAGap) {
  struct SetClock final : Clock {
    MonotonicTime now() const override { return MonotonicTime(monotonic); }
    WallTime wall() const override { return WallTime(1'700'000'000s + monotonic + step); }
    bool sleep_for(std::chrono::nanoseconds, std::stop_token) override { return true; }
    std::chrono::seconds monotonic{100};
    std::chrono::seconds step{0};
  } set;
  FootageEvents other(set, [this](Incoming incoming) { told.push_back(std::move(incoming)); });
  const auto begun = set.now();
  other.gap({"front", GapCause::eof, {}, begun, {}});
  set.monotonic += 10s;
  other.turn();
  set.step = 3600s;
  set.monotonic += 10s;
  other.gap({"front", GapCause::eof, {}, begun, begun + 20s});
  ASSERT_THAT(told, SizeIs(2));
  EXPECT_EQ(gap(1).header.at, gap(0).header.at);
  EXPECT_EQ(*gap(1).ended - gap(1).header.at, 20s);
}

TEST_F(FootageEventsTest, AGapFoundAtTheStartHasTheLedgersTimes) {
  const auto start = clock.wall() - 1h;
  events.found({"front", GapCause::power_cut, "the machine began anew", start, start + 40min});
  ASSERT_THAT(told, SizeIs(1));
  EXPECT_FALSE(told[0].completes);
  EXPECT_EQ(gap(0).header.at, start);
  EXPECT_EQ(gap(0).ended, start + 40min);
  EXPECT_EQ(gap(0).seconds, 2400);
  EXPECT_EQ(gap(0).detail, "the machine began anew");
  events.found({"front", GapCause::crash, {}, start, start + 2s});
  events.found({"front", GapCause::stopped, {}, start, start + 9s});
  EXPECT_THAT(told, SizeIs(1));
}

TEST_F(FootageEventsTest, NoMoreGapsAreRememberedThanABound) {
  const auto now = clock.now();
  for (std::size_t i = 0; i < FootageEvents::most_open_gaps + 10; ++i)
    begin(now, GapCause::eof, "camera" + std::to_string(i));
  pass(10s);
  EXPECT_THAT(told, SizeIs(FootageEvents::most_open_gaps));
}

TEST_F(FootageEventsTest, TroubleIsToldOnceHoweverOftenItIsSeen) {
  for (int i = 0; i < 5; ++i) {
    events.disk("/srv", DiskFault::read_only, "Read-only file system");
    pass(5s);
  }
  EXPECT_THAT(faults(), ElementsAre(DiskFault::read_only));
  const auto& trouble = std::get<event::DiskTrouble>(told[0].event);
  EXPECT_EQ(trouble.folder, "/srv");
  EXPECT_EQ(trouble.detail, "Read-only file system");
  events.disk("/srv", DiskFault::missing, {});
  EXPECT_THAT(faults(), ElementsAre(DiskFault::read_only, DiskFault::missing));
}

TEST_F(FootageEventsTest, ADiskIsBackWhenItWasWellForAWhile) {
  events.disk("/srv", DiskFault::error, {});
  events.disk_well("/srv");
  pass(59s);
  EXPECT_THAT(faults(), ElementsAre(DiskFault::error));
  events.disk_well("/srv");  // seen again: the time runs from the first
  pass(1s);
  EXPECT_THAT(faults(), ElementsAre(DiskFault::error, DiskFault::back));
  pass(120s);
  events.disk_well("/srv");
  pass(120s);
  EXPECT_THAT(told, SizeIs(2)) << "what was well is not told";
  events.disk("/srv", DiskFault::error, {});
  EXPECT_THAT(faults(), ElementsAre(DiskFault::error, DiskFault::back, DiskFault::error));
}

TEST_F(FootageEventsTest, ADiskThatFailsNowAndThenIsOneTrouble) {
  for (int i = 0; i < 20; ++i) {
    events.disk("/srv", i % 2 == 0 ? DiskFault::error : DiskFault::full, {});
    pass(1s);
    events.disk("/srv", DiskFault::back, {});
    pass(30s);
  }
  EXPECT_THAT(faults(), ElementsAre(DiskFault::error, DiskFault::full));
  pass(30s);
  EXPECT_THAT(faults(), ElementsAre(DiskFault::error, DiskFault::full, DiskFault::back));
}

TEST_F(FootageEventsTest, ADamagedIndexIsNoStateThatEnds) {
  events.disk("/srv", DiskFault::damaged_index, "moved away");
  events.disk_well("/srv");
  pass(120s);
  EXPECT_THAT(faults(), ElementsAre(DiskFault::damaged_index));
}

}  // namespace
}  // namespace porchlight::pipeline
