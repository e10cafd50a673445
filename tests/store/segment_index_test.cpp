// SPDX-License-Identifier: Apache-2.0
#include "porchlight/store/segment_index.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>

#include "store/fixture.hpp"

namespace porchlight::store {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

struct SegmentIndexTest : testing::Test {
  Folder folder;
  std::unique_ptr<Database> database;
  std::unique_ptr<SegmentIndex> index;
  int files = 0;

  void SetUp() override { reopen(); }
  void reopen() {
    index.reset();
    database.reset();
    auto opened = SegmentIndex::open(folder / "footage.db", {}, nullptr);
    ASSERT_TRUE(opened) << opened.error().text();
    database = std::move(*opened);
    index = std::make_unique<SegmentIndex>(*database);
  }

  Segment segment(std::int64_t boot, milliseconds begin, milliseconds end,
                  const std::string& camera = "front", SegmentState state = SegmentState::closed) {
    Segment made;
    made.camera_id = camera;
    made.file = camera + "/2026-11-26/" + std::to_string(++files) + "Z.mp4";
    made.state = state;
    made.begin = {boot, begin};
    made.end_at = end;
    made.bytes = 1000;
    made.frames = 25;
    made.codec = "h264";
    made.audio_codec = "aac";
    made.width = 1920;
    made.height = 1080;
    return made;
  }
  std::int64_t add(const Segment& segment) {
    const auto id = index->begin(segment);
    EXPECT_TRUE(id) << id.error().text();
    return id ? *id : 0;
  }
  std::int64_t boot(const std::string& id) {
    const auto number = index->boot(id);
    EXPECT_TRUE(number) << number.error().text();
    return number ? *number : 0;
  }
  std::vector<Segment> all(FootageFilter filter = {}) {
    filter.limit = filter.limit == 100 ? 100'000 : filter.limit;
    auto rows = index->segments(filter);
    EXPECT_TRUE(rows) << rows.error().text();
    return rows ? std::move(*rows) : std::vector<Segment>();
  }
  static std::vector<std::int64_t> ids(const std::vector<Segment>& rows) {
    std::vector<std::int64_t> list;
    for (const auto& row : rows) list.push_back(row.id);
    return list;
  }
};

using Ids = std::vector<std::int64_t>;

TEST_F(SegmentIndexTest, NumbersBootsInTheOrderInWhichTheyAreSeen) {
  EXPECT_EQ(boot("aaaa"), 1);
  EXPECT_EQ(boot("bbbb"), 2);
  EXPECT_EQ(boot("aaaa"), 1);
  reopen();
  EXPECT_EQ(boot("bbbb"), 2);
  EXPECT_EQ(boot("cccc"), 3);
}

TEST_F(SegmentIndexTest, GivesBackWhatWasPutInAndHasNoTimesBeforeTheClockIsBelieved) {
  const auto made = segment(boot("a"), 5s, 65s);
  const auto id = add(made);
  reopen();
  auto read = index->segment(id);
  ASSERT_TRUE(read);
  ASSERT_TRUE(*read);
  EXPECT_EQ((*read)->file, made.file);
  EXPECT_EQ((*read)->camera_id, "front");
  EXPECT_EQ((*read)->state, SegmentState::closed);
  EXPECT_EQ((*read)->begin, (BootMoment{1, 5s}));
  EXPECT_EQ((*read)->end_at, 65s);
  EXPECT_EQ((*read)->codec, "h264");
  EXPECT_EQ((*read)->audio_codec, "aac");
  EXPECT_EQ((*read)->width, 1920);
  EXPECT_EQ((*read)->height, 1080);
  EXPECT_FALSE((*read)->start);
  EXPECT_FALSE((*read)->end);

  ASSERT_TRUE(index->settle(1, at_second(100)));
  read = index->segment_of_file(made.file);
  ASSERT_TRUE(read && *read);
  EXPECT_EQ((*read)->start, at_second(105));
  EXPECT_EQ((*read)->end, at_second(165));
}

TEST_F(SegmentIndexTest, GrowsAndFinishesByFile) {
  auto open = segment(boot("a"), 0s, 1s, "front", SegmentState::open);
  const auto id = add(open);
  ASSERT_TRUE(index->grow({{open.file, 11s, 5000, 250}, {"front/none.mp4", 1s, 1, 1}}, BootMoment{1, 12s}));
  EXPECT_EQ((*index->segment(id))->end_at, 11s);
  EXPECT_EQ((*index->segment(id))->bytes, 5000U);
  EXPECT_EQ(index->last_run()->alive, (BootMoment{1, 12s}));

  open.state = SegmentState::closed;
  open.end_at = 60s;
  open.bytes = 9000;
  open.frames = 1500;
  open.crc = 0xfedcba98;
  ASSERT_TRUE(index->finish(open));
  // Late news of its growth changes nothing.
  ASSERT_TRUE(index->grow({{open.file, 12s, 5500, 260}}));
  reopen();
  const auto read = index->segment(id);
  EXPECT_EQ((*read)->state, SegmentState::closed);
  EXPECT_EQ((*read)->end_at, 60s);
  EXPECT_EQ((*read)->bytes, 9000U);
  EXPECT_EQ((*read)->frames, 1500U);
  EXPECT_EQ((*read)->crc, 0xfedcba98U);

  open.file = "front/none.mp4";
  const auto missing = index->finish(open);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code(), ErrorCode::not_found);
}

TEST_F(SegmentIndexTest, AFileHasOneRow) {
  const auto made = segment(boot("a"), 0s, 1s);
  add(made);
  const auto twice = index->begin(made);
  ASSERT_FALSE(twice);
  EXPECT_EQ(twice.error().code(), ErrorCode::invalid_argument);
}

TEST_F(SegmentIndexTest, NumbersOfSegmentsAreNeverUsedTwice) {
  const auto first = add(segment(boot("a"), 0s, 1s));
  ASSERT_TRUE(index->begin_delete({first}));
  ASSERT_TRUE(index->end_delete({first}));
  EXPECT_GT(add(segment(1, 1s, 2s)), first);
}

TEST_F(SegmentIndexTest, DeletesInTwoStepsAndNeverWhatIsBeingWritten) {
  const auto open = add(segment(boot("a"), 10s, 11s, "front", SegmentState::open));
  const auto closed = add(segment(1, 0s, 10s));
  ASSERT_TRUE(index->end_delete({closed}));  // not begun: nothing goes
  EXPECT_TRUE(*index->segment(closed));
  ASSERT_TRUE(index->begin_delete({open, closed}));
  EXPECT_EQ((*index->segment(open))->state, SegmentState::open);
  EXPECT_EQ((*index->segment(closed))->state, SegmentState::deleting);
  EXPECT_EQ(ids(*index->in_state(SegmentState::deleting, 10)), Ids{closed});
  EXPECT_FALSE(index->protect(closed, true));
  ASSERT_TRUE(index->end_delete({open, closed}));
  EXPECT_TRUE(*index->segment(open));
  EXPECT_FALSE(*index->segment(closed));
}

TEST_F(SegmentIndexTest, KnowsWhatMayGoByItsClass) {
  const auto old = add(segment(boot("a"), 0s, 60s));
  const auto of_event = add(segment(1, 60s, 120s));
  const auto kept = add(segment(1, 120s, 180s));
  add(segment(1, 240s, 250s, "front", SegmentState::open));
  const auto other = add(segment(1, 60s, 120s, "back"));
  ASSERT_TRUE(index->protect(kept, true));
  const auto event = event::EventId::generate(at_second(1));
  ASSERT_TRUE(index->keep_span({event, "front", {1, 70s}, {1, 80s}}));
  EXPECT_EQ(ids(*index->oldest(false, 10)), (Ids{old, other}));
  EXPECT_EQ(ids(*index->oldest(true, 10)), Ids{of_event});
  EXPECT_EQ(ids(*index->oldest(false, 1)), Ids{old});

  // The span turns out to be another one: what it covers no more is merely continuous again.
  ASSERT_TRUE(index->keep_span({event, "front", {1, 10s}, {1, 60s}}));
  EXPECT_EQ(ids(*index->oldest(true, 10)), Ids{old});
  EXPECT_EQ(index->spans({})->size(), 1U);

  // A segment that ends, or is found, later than the span was told.
  ASSERT_TRUE(index->keep_span({event::EventId::generate(at_second(2)), "front", {1, 245s}, {1, 300s}}));
  auto late = segment(1, 290s, 310s);
  const auto late_id = add(late);
  EXPECT_EQ(ids(*index->oldest(true, 10)), (Ids{old, late_id}));
  ASSERT_TRUE(index->protect(kept, false));
  EXPECT_EQ(ids(*index->oldest(false, 10)), (Ids{of_event, other, kept}));
}

TEST_F(SegmentIndexTest, AnOpenSegmentGetsItsClassWhenItEnds) {
  auto open = segment(boot("a"), 0s, 1s, "front", SegmentState::open);
  const auto id = add(open);
  ASSERT_TRUE(index->keep_span({event::EventId::generate(at_second(1)), "front", {1, 50s}, {1, 55s}}));
  open.state = SegmentState::closed;
  open.end_at = 60s;
  ASSERT_TRUE(index->finish(open));
  EXPECT_EQ(ids(*index->oldest(true, 10)), Ids{id});
}

TEST_F(SegmentIndexTest, FiltersByCameraAndTimeAndGivesPages) {
  boot("a");
  boot("b");
  const auto one = add(segment(1, 0s, 60s));
  const auto two = add(segment(1, 60s, 120s));
  const auto back = add(segment(1, 30s, 90s, "back"));
  const auto three = add(segment(2, 5s, 65s));
  EXPECT_EQ(ids(all()), (Ids{three, two, back, one}));
  EXPECT_EQ(ids(all({.camera_id = "front"})), (Ids{three, two, one}));
  EXPECT_EQ(ids(all({.camera_id = "front", .oldest_first = true})), (Ids{one, two, three}));
  EXPECT_TRUE(all({.from = at_second(0)}).empty());  // no clock is believed
  ASSERT_TRUE(index->settle(2, at_second(1000)));
  EXPECT_EQ(ids(all({.from = at_second(0)})), Ids{three});
  ASSERT_TRUE(index->settle(1, at_second(0)));
  EXPECT_EQ(ids(all({.camera_id = "front", .from = at_second(60)})), (Ids{three, two}));
  EXPECT_EQ(ids(all({.camera_id = "front", .to = at_second(60)})), Ids{one});
  EXPECT_EQ(ids(all({.camera_id = "front", .to = at_second(61)})), (Ids{two, one}));
  EXPECT_EQ(ids(all({.from = at_second(89), .to = at_second(91)})), (Ids{two, back}));
  EXPECT_EQ(ids(all({.from = at_second(200), .to = at_second(900)})), Ids{});
  EXPECT_EQ(ids(all({.before_id = two})), (Ids{back, one}));
  EXPECT_EQ(ids(all({.before_id = two, .oldest_first = true})), Ids{three});
  EXPECT_EQ(ids(all({.camera_id = "front", .limit = 2})), (Ids{three, two}));
  // The row at which a page ended is gone.
  ASSERT_TRUE(index->begin_delete({two}));
  ASSERT_TRUE(index->end_delete({two}));
  EXPECT_EQ(ids(all({.camera_id = "front", .before_id = two})), Ids{one});
}

TEST_F(SegmentIndexTest, KeepsTheLedger) {
  boot("a");
  const auto gap = index->begin_gap({.camera_id = "front",
                                     .cause = event::GapCause::eof,
                                     .detail = "the camera closed the connection",
                                     .begin = {1, 10s}});
  ASSERT_TRUE(gap);
  EXPECT_EQ(index->open_gaps()->size(), 1U);
  ASSERT_TRUE(index->settle(1, at_second(0)));
  EXPECT_EQ(index->gaps({.from = at_second(500)})->size(), 1U);  // it goes on
  EXPECT_EQ(index->gaps({.to = at_second(10)})->size(), 0U);
  boot("b");
  ASSERT_TRUE(index->end_gap(*gap, {2, 3s}));
  EXPECT_TRUE(index->open_gaps()->empty());
  EXPECT_EQ(index->gaps({.from = at_second(500)})->size(), 1U);  // its end is not known in wall time
  ASSERT_TRUE(index->settle(2, at_second(100)));
  EXPECT_EQ(index->gaps({.from = at_second(103)})->size(), 0U);
  const auto read = index->gaps({.camera_id = "front", .from = at_second(102)});
  ASSERT_EQ(read->size(), 1U);
  EXPECT_EQ(read->front().cause, event::GapCause::eof);
  EXPECT_EQ(read->front().detail, "the camera closed the connection");
  EXPECT_EQ(read->front().start, at_second(10));
  EXPECT_EQ(read->front().stop, at_second(103));
  EXPECT_EQ(index->known_until("front", {2, 10s})->value(), (BootMoment{2, 3s}));
  EXPECT_FALSE(index->known_until("front", {1, 10s})->has_value());
  EXPECT_FALSE(index->end_gap(99, {2, 4s}));
  // No gap ends before it begins.
  EXPECT_FALSE(index->end_gap(*gap, {1, 9s}));
}

TEST_F(SegmentIndexTest, AGapBeginsWhereASegmentEndsThatTurnedOutToBeLonger) {
  auto open = segment(boot("a"), 0s, 10s, "front", SegmentState::open);
  add(open);
  boot("b");
  ASSERT_TRUE(
      index->begin_gap({.camera_id = "front", .cause = event::GapCause::power_cut, .begin = {1, 10s}}));
  ASSERT_TRUE(
      index->begin_gap({.camera_id = "back", .cause = event::GapCause::power_cut, .begin = {1, 10s}}));
  ASSERT_TRUE(index->begin_gap(
      {.camera_id = "front", .cause = event::GapCause::crash, .begin = {1, 11s}, .end = BootMoment{1, 12s}}));
  open.state = SegmentState::torn;
  open.end_at = 19s;
  ASSERT_TRUE(index->finish(open));
  ASSERT_EQ(index->gaps({.camera_id = "front"})->size(), 1U);
  EXPECT_EQ(index->gaps({.camera_id = "front"})->front().begin, (BootMoment{1, 19s}));
  EXPECT_EQ(index->gaps({.camera_id = "back"})->front().begin, (BootMoment{1, 10s}));
}

// By cameras and moments: "begin end", "-" for one that goes on.
TEST_F(SegmentIndexTest, TheLedgerGivesWayToFootageThatIsFound) {
  boot("a");
  boot("b");
  const auto gap = [&](BootMoment begin, std::optional<BootMoment> end, const std::string& camera = "front") {
    auto id = index->begin_gap(
        {.camera_id = camera, .cause = event::GapCause::crash, .detail = "why", .begin = begin, .end = end});
    EXPECT_TRUE(id);
    return id ? *id : 0;
  };
  gap({1, 0s}, BootMoment{1, 10s});  // touches it
  const auto over_begin = gap({1, 5s}, BootMoment{1, 12s});
  gap({1, 12s}, BootMoment{1, 13s});                    // inside
  const auto goes_on = gap({1, 15s}, {});               // over the end
  const auto around = gap({1, 8s}, BootMoment{2, 3s});  // on both sides
  gap({1, 5s}, {}, "back");
  const auto id = index->adopt(segment(1, 10s, 20s));
  ASSERT_TRUE(id) << id.error().text();
  EXPECT_TRUE(*index->segment(*id));

  std::map<std::int64_t, Gap> rows;
  std::vector<Gap> fresh;
  const auto gaps = index->gaps({.camera_id = "front", .oldest_first = true});
  ASSERT_TRUE(gaps);
  for (const auto& row : *gaps) {
    EXPECT_EQ(row.cause, event::GapCause::crash);
    EXPECT_EQ(row.detail, "why");
    rows[row.id] = row;
    if (row.id > around + 1) fresh.push_back(row);
  }
  ASSERT_EQ(rows.size(), 5U);
  EXPECT_EQ(rows[over_begin].begin, (BootMoment{1, 5s}));
  EXPECT_EQ(rows[over_begin].end, (BootMoment{1, 10s}));
  EXPECT_EQ(rows[goes_on].begin, (BootMoment{1, 20s}));
  EXPECT_FALSE(rows[goes_on].end);
  EXPECT_EQ(rows[around].begin, (BootMoment{1, 20s}));
  EXPECT_EQ(rows[around].end, (BootMoment{2, 3s}));
  ASSERT_EQ(fresh.size(), 1U);
  EXPECT_EQ(fresh.front().begin, (BootMoment{1, 8s}));
  EXPECT_EQ(fresh.front().end, (BootMoment{1, 10s}));
  const auto back = index->gaps({.camera_id = "back"});
  ASSERT_EQ(back->size(), 1U);
  EXPECT_EQ(back->front().begin, (BootMoment{1, 5s}));
  // Whoever knew the one that goes on ends it as before.
  EXPECT_TRUE(index->end_gap(goes_on, {1, 25s}));
  // Twice the same file is refused, and nothing of it stays.
  const auto again = index->adopt(**index->segment(*id));
  ASSERT_FALSE(again);
  EXPECT_TRUE(index->begin_gap({.camera_id = "front", .begin = {2, 5s}}));
}

TEST_F(SegmentIndexTest, ARowWithoutItsFileBecomesAGap) {
  const auto id = add(segment(boot("a"), 0s, 60s));
  ASSERT_TRUE(index->replace_by_gap(id, {.camera_id = "front",
                                         .cause = event::GapCause::damaged,
                                         .begin = {1, 0s},
                                         .end = BootMoment{1, 60s}}));
  EXPECT_FALSE(*index->segment(id));
  EXPECT_EQ(index->gaps({})->size(), 1U);
  EXPECT_EQ(*index->bytes(), 0U);
}

TEST_F(SegmentIndexTest, JoinsEndsToWhatFollowsThem) {
  boot("a");
  boot("b");
  const std::vector<std::int64_t> ids = {
      add(segment(1, 0s, 60s)),          // a hole of 200 ms
      add(segment(1, 60'200ms, 120s)),   // 300 ms of the next
      add(segment(1, 119'700ms, 180s)),  // 600 ms are missing
      add(segment(1, 180'600ms, 240s)),  // a gap that goes on
      add(segment(1, 300s, 303s)),       // two and a half seconds of the next
      add(segment(1, 300'500ms, 360s)),  // the next is of another boot
      add(segment(2, 0s, 60s)),          // is being written
      add(segment(2, 60'100ms, 61s, "front", SegmentState::open)),
      add(segment(2, 61'100ms, 62s)),
  };
  add(segment(1, 60'300ms, 70s, "back"));
  add(segment(2, 200s, 200s));
  ASSERT_TRUE(index->begin_gap({.camera_id = "front", .begin = {1, 240'100ms}, .end = BootMoment{1, 300s}}));
  EXPECT_FALSE(*index->is_followed(**index->segment(ids[0])));
  ASSERT_TRUE(index->join_ends("front", 500ms));
  std::vector<milliseconds> ends;
  for (const auto id : ids) ends.push_back((*index->segment(id))->end_at);
  EXPECT_EQ(ends, (std::vector<milliseconds>{60'200ms, 119'700ms, 180s, 240'100ms, 303s, 360s, 60'100ms, 61s,
                                             62s}));
  EXPECT_TRUE(*index->is_followed(**index->segment(ids[0])));
  EXPECT_TRUE(*index->is_followed(**index->segment(ids[3]))) << "by a gap";
  EXPECT_FALSE(*index->is_followed(**index->segment(ids[2])));
  EXPECT_FALSE(*index->is_followed(**index->segment(ids[5]))) << "by another boot";
  EXPECT_FALSE(*index->is_followed(segment(2, 200s, 200s))) << "by itself";
}

TEST_F(SegmentIndexTest, FillsHolesAndForgetsWhatIsOlderThanAllFootage) {
  boot("a");
  boot("b");
  add(segment(1, 0s, 60s));
  const auto second = add(segment(1, 60'200ms, 120s));
  add(segment(1, 300s, 360s));
  add(segment(2, 10s, 20s));
  add(segment(2, 0s, 70s, "back"));
  ASSERT_TRUE(index->fill_holes("front", 500ms, "the index was lost"));
  ASSERT_TRUE(index->fill_holes("front", 500ms, "and is still"));  // they are explained
  const auto gaps = index->gaps({.oldest_first = true});
  ASSERT_EQ(gaps->size(), 2U);
  EXPECT_EQ((*gaps)[0].begin, (BootMoment{1, 120s}));
  EXPECT_EQ((*gaps)[0].end, (BootMoment{1, 300s}));
  EXPECT_EQ((*gaps)[1].begin, (BootMoment{1, 360s}));
  EXPECT_EQ((*gaps)[1].end, (BootMoment{2, 10s}));
  EXPECT_EQ(*index->cameras(), (std::vector<std::string>{"back", "front"}));

  ASSERT_TRUE(index->keep_span({event::EventId::generate(at_second(1)), "front", {1, 10s}, {1, 20s}}));
  ASSERT_TRUE(index->prune());
  EXPECT_EQ(index->spans({})->size(), 1U);
  const auto first = all({.oldest_first = true}).front().id;
  ASSERT_TRUE(index->begin_delete({first, second}));
  ASSERT_TRUE(index->end_delete({first, second}));
  ASSERT_TRUE(index->prune());
  EXPECT_TRUE(index->spans({})->empty());
  EXPECT_EQ(index->gaps({})->size(), 1U);  // the one that ended with the oldest is over
}

TEST_F(SegmentIndexTest, SaysHowMuchWasRecordedSince) {
  boot("a");
  add(segment(1, 0s, 60s));
  add(segment(1, 60s, 120s));
  const auto kept = add(segment(1, 120s, 180s));
  add(segment(1, 180s, 181s, "front", SegmentState::torn));
  EXPECT_EQ(*index->bytes(), 4000U);
  const auto open = add(segment(1, 190s, 200s, "back", SegmentState::open));
  EXPECT_EQ(*index->bytes(), 4000U);                          // who writes it knows better
  EXPECT_EQ(index->recorded_since(at_second(0))->bytes, 0U);  // without times
  ASSERT_TRUE(index->settle(1, at_second(0)));
  EXPECT_EQ(index->recorded_since(at_second(60))->bytes, 4000U);
  EXPECT_EQ(index->recorded_since(at_second(60))->since, at_second(60));
  EXPECT_FALSE(index->recorded_since(at_second(999))->since);
  ASSERT_TRUE(index->protect(kept, true));
  EXPECT_EQ(*index->protected_bytes(), 1000U);
  EXPECT_TRUE(*index->segment(open));
}

TEST_F(SegmentIndexTest, RemembersTheVolumeAndHowTheLastRunEnded) {
  EXPECT_FALSE(index->volume_id()->has_value());
  ASSERT_TRUE(index->set_volume_id("one"));
  ASSERT_TRUE(index->set_volume_id("two"));
  EXPECT_FALSE(index->last_run()->alive);
  ASSERT_TRUE(index->begin_run({boot("a"), 5s}));
  reopen();
  EXPECT_EQ(*index->volume_id(), "two");
  EXPECT_FALSE(index->last_run()->ended);
  EXPECT_EQ(index->last_run()->alive, (BootMoment{1, 5s}));
  ASSERT_TRUE(index->end_run({1, 9s}));
  EXPECT_TRUE(index->last_run()->ended);
}

TEST_F(SegmentIndexTest, PutsBootsThatFilesTellOfIntoTheirPlace) {
  const auto known = boot("known");
  add(segment(known, 0s, 60s));
  ASSERT_TRUE(index->settle(known, at_second(1000)));
  const auto gap =
      index->begin_gap({.camera_id = "front", .begin = {known, 60s}, .end = BootMoment{known, 70s}});
  ASSERT_TRUE(gap);
  const auto now = boot("now");
  const auto older = index->adopt_boot("older", at_second(10));
  ASSERT_TRUE(older);
  const auto first = add(segment(*older, 0s, 60s));
  ASSERT_TRUE(index->begin_run({now, 1s}));
  ASSERT_TRUE(index->order_boots("now"));
  const auto boots = index->boots();
  ASSERT_EQ(boots->size(), 3U);
  EXPECT_EQ((*boots)[0].id, "older");
  EXPECT_EQ((*boots)[1].id, "known");
  EXPECT_EQ((*boots)[2].id, "now");
  EXPECT_EQ((*boots)[2].number, 3);
  EXPECT_EQ(all({.oldest_first = true}).front().id, first);
  EXPECT_EQ(index->gaps({})->front().begin, (BootMoment{2, 60s}));
  EXPECT_EQ(index->last_run()->alive->boot, 3);
}

// What is kept of a camera never overlaps and never changes its order, whatever the clock does.
void expect_order(SegmentIndex& index, const std::string& camera) {
  FootageFilter filter;
  filter.camera_id = camera;
  filter.oldest_first = true;
  filter.limit = 100'000;
  const auto rows = index.segments(filter);
  ASSERT_TRUE(rows);
  std::optional<WallTime> end;
  BootMoment last{};
  for (const auto& row : *rows) {
    EXPECT_GE(row.begin, last);
    last = {row.begin.boot, row.end_at};
    if (!row.start) continue;
    if (end) {
      EXPECT_GE(*row.start, *end) << row.file;
    }
    EXPECT_EQ(*row.end - *row.start, row.end_at - row.begin.at);
    end = row.end;
  }
}

TEST_F(SegmentIndexTest, NoStepOfTheClockReordersOrOverlapsAnything) {
  for (unsigned seed = 1; seed <= 8; ++seed) {
    std::mt19937 random(seed);
    const auto below = [&random](int limit) {
      return static_cast<int>(random() % static_cast<unsigned>(limit));
    };
    Folder own;
    auto opened = SegmentIndex::open(own / "footage.db", {.synchronous = Synchronous::off_in_tests}, nullptr);
    ASSERT_TRUE(opened);
    SegmentIndex steps(**opened);
    std::int64_t number = 0;
    milliseconds at{0};
    Ids order;
    for (int step = 0; step < 400; ++step) {
      const auto what = number == 0 ? 0 : below(10);
      if (what == 0) {
        number = *steps.boot("boot" + std::to_string(step));
        at = milliseconds(below(60'000));
      } else if (what < 6) {
        const auto begin = at + milliseconds(below(3000));
        at = begin + milliseconds(1 + below(60'000));
        auto made = segment(number, begin, at, below(2) == 0 ? "front" : "back");
        ASSERT_TRUE(steps.begin(made));
      } else {
        // Mostly the boot that runs; the clock says anything between years ago and years ahead.
        const auto which = below(4) == 0 ? 1 + below(static_cast<int>(number)) : number;
        const auto range = below(2) == 0 ? 200'000'000 : 300;
        ASSERT_TRUE(steps.settle(which, at_second(below(range) - range / 2)));
      }
      if (step % 20 == 0) {
        expect_order(steps, "front");
        expect_order(steps, "back");
      }
    }
    expect_order(steps, "front");
    expect_order(steps, "back");
  }
}

TEST_F(SegmentIndexTest, AClockThatWasWrongForAWhileMovesNothingForEver) {
  add(segment(boot("a"), 0s, 60s));
  ASSERT_TRUE(index->settle(1, at_second(1000)));
  boot("b");
  ASSERT_TRUE(index->settle(2, at_second(0)));  // years ago, as far as the first boot is concerned
  EXPECT_EQ(all().front().end, at_second(0));
  ASSERT_TRUE(index->settle(2, at_second(2000)));
  EXPECT_EQ(all().front().start, at_second(1000));
}

TEST_F(SegmentIndexTest, WhatStandsInNoFileIsReadOutOfTheDamagedOne) {
  const auto write = [this](SegmentIndex& into) {
    EXPECT_TRUE(into.boot("a"));
    files = 0;
    for (int i = 0; i < 3; ++i) EXPECT_TRUE(into.begin(segment(1, 60s * i, 60s * i + 50s)));
  };
  write(*index);
  ASSERT_TRUE(index->protect(2, true));
  ASSERT_TRUE(index->keep_span({event::EventId::generate(at_second(1)), "front", {1, 10s}, {1, 20s}}));
  ASSERT_TRUE(index->begin_gap(
      {.camera_id = "front", .cause = event::GapCause::eof, .begin = {1, 50s}, .end = BootMoment{1, 60s}}));
  ASSERT_TRUE(index->begin_gap(
      {.camera_id = "front", .cause = event::GapCause::eof, .begin = {1, 10s}, .end = BootMoment{1, 20s}}));
  ASSERT_TRUE(index->begin_gap({.camera_id = "front",
                                .cause = event::GapCause::network,
                                .begin = {1, 105s},
                                .end = BootMoment{1, 130s}}));
  ASSERT_TRUE(
      index->begin_gap({.camera_id = "front", .cause = event::GapCause::timeout, .begin = {1, 165s}}));
  ASSERT_TRUE(index->end_run({1, 180s}));
  auto fresh = SegmentIndex::open(folder / "fresh.db", {}, nullptr);
  ASSERT_TRUE(fresh);
  SegmentIndex again(**fresh);
  ASSERT_TRUE(again.boot("before"));  // the numbers need not be the same
  EXPECT_TRUE(again.boot("a"));
  files = 0;
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(again.begin(segment(2, 60s * i, 60s * i + 50s)));
  EXPECT_EQ(*again.salvage(folder / "footage.db"), 5U);
  EXPECT_TRUE((*again.segment(2))->is_protected);
  EXPECT_FALSE((*again.segment(1))->is_protected);
  EXPECT_EQ(again.spans({})->front().begin, (BootMoment{2, 10s}));
  const auto expect_ledger = [&] {
    const auto gaps = again.gaps({.oldest_first = true});
    ASSERT_EQ(gaps->size(), 3U);  // the other says of footage that it is not there
    EXPECT_EQ((*gaps)[0].begin, (BootMoment{2, 50s}));
    EXPECT_EQ((*gaps)[0].end, (BootMoment{2, 60s}));
    EXPECT_EQ((*gaps)[1].begin, (BootMoment{2, 110s}));  // what the files contradict of it is cut off
    EXPECT_EQ((*gaps)[1].end, (BootMoment{2, 120s}));
    EXPECT_EQ((*gaps)[1].cause, event::GapCause::network);
    EXPECT_EQ((*gaps)[2].begin, (BootMoment{2, 170s}));
    EXPECT_FALSE((*gaps)[2].end);
  };
  expect_ledger();
  EXPECT_TRUE(again.last_run()->ended);
  EXPECT_EQ(again.last_run()->alive, (BootMoment{2, 180s}));
  ASSERT_TRUE(again.salvage(folder / "footage.db"));  // as after an error
  expect_ledger();
  EXPECT_EQ(*again.salvage(folder / "nothing.db"), 0U);
}

TEST_F(SegmentIndexTest, ADamagedFileIsCalledCorrupt) {
  index.reset();
  database.reset();
  std::filesystem::resize_file(folder / "footage.db", 0);
  std::filesystem::remove(folder / "footage.db-wal");
  {
    std::FILE* file = std::fopen((folder / "footage.db").c_str(), "w");
    std::fputs("this is no database, but it is long enough to be taken for one", file);
    std::fclose(file);
  }
  const auto opened = SegmentIndex::open(folder / "footage.db", {}, nullptr);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code(), ErrorCode::corrupt);
}

}  // namespace
}  // namespace porchlight::store
