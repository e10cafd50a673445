// SPDX-License-Identifier: Apache-2.0
// What `doctor` says for how long the space suffices, against months that are recorded and deleted in the
// real index by the real rules.
#include "porchlight/record/forecast.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "base/temporary_folder.hpp"

namespace porchlight::record {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

constexpr std::uint64_t gib = std::uint64_t{1} << 30U;
constexpr WallTime begin{std::chrono::seconds{1'764'000'000}};
constexpr auto length = 30min;

double days_of(WallTime::duration time) {
  return std::chrono::duration<double, std::ratio<86'400>>(time).count();
}

// A camera whose bitrate follows the day, the weather (by a tenth: more of it three days cannot foresee) and
// chance; some segments are of events, some of the first hours are protected.
struct Month {
  Month(std::uint64_t total, unsigned seed, double change = 0.1)
      : random(seed), space{total, total}, weathers(1 - change, 1 + change) {
    store::DatabaseOptions options;
    options.synchronous = store::Synchronous::off_in_tests;  // it need not outlive a power cut
    auto opened = store::SegmentIndex::open(folder.path() / "footage.db", options, nullptr);
    EXPECT_TRUE(opened);
    database = std::move(*opened);
    index = std::make_unique<store::SegmentIndex>(*database);
    EXPECT_TRUE(index->boot("a"));
    EXPECT_TRUE(index->settle(1, begin));
  }

  WallTime now() const { return begin + length * count; }
  double day() const { return days_of(length * count); }

  void record() {
    if (count % 48 == 0) weather = weathers(random);
    const double noise = std::uniform_real_distribution<double>(0.6, 1.4)(random);
    const double bitrate = 4e6 * weather * noise * (1 + 0.5 * std::sin(day() * 2 * 3.14159265));
    store::Segment segment;
    segment.camera_id = "front";
    segment.file = std::to_string(count);
    segment.state = store::SegmentState::closed;
    segment.begin = {1, std::chrono::duration_cast<milliseconds>(length * count)};
    segment.end_at = segment.begin.at + length;
    segment.bytes = static_cast<std::uint64_t>(bitrate / 8 * std::chrono::duration<double>(length).count());
    segment.is_protected = count < 6;
    if (std::bernoulli_distribution(0.15)(random)) {
      ASSERT_TRUE(index->keep_span({event::EventId::generate(now()),
                                    "front",
                                    {1, segment.begin.at + 1min},
                                    {1, segment.begin.at + 2min}}));
    }
    ASSERT_TRUE(index->begin(segment));
    sizes.push_back(segment.bytes);
    kept += segment.bytes;
    ++count;
  }

  void retain() {
    const auto holdings = [&](bool of_event) {
      std::vector<Holding> list;
      const auto oldest = index->oldest(of_event, 64);
      EXPECT_TRUE(oldest);
      for (const auto& segment : *oldest) list.push_back({segment.id, segment.bytes, segment.end});
      return list;
    };
    RetentionFacts facts;
    facts.continuous = holdings(false);
    facts.of_events = holdings(true);
    facts.kept = kept;
    facts.total = space.total;
    facts.free = space.free = space.total - std::min(space.total, kept);
    facts.now = now();
    const auto plan = plan_retention(facts, {});
    std::vector<std::int64_t> ids;
    for (const auto& doomed : plan.doomed) {
      ids.push_back(doomed.id);
      kept -= doomed.bytes;
      if (!first_deletion) first_deletion = day();
    }
    ASSERT_TRUE(index->begin_delete(ids));
    ASSERT_TRUE(index->end_delete(ids));
    space.free = space.total - std::min(space.total, kept);
  }

  void until(double last) {
    while (day() < last) {
      record();
      retain();
    }
  }
  ForecastFacts known() {
    const auto facts = forecast_facts(*index, space, false, now());
    EXPECT_TRUE(facts && *facts);
    return facts && *facts ? **facts : ForecastFacts();
  }
  // Of what was recorded in the last days, whatever is left of it.
  double recorded_per_day(int days) const {
    double sum = 0;
    for (auto size = sizes.end() - 48 * days; size != sizes.end(); ++size) sum += static_cast<double>(*size);
    return sum / days;
  }

  TemporaryFolder folder;
  std::mt19937 random;
  Volume::Space space;
  std::uniform_real_distribution<double> weathers;
  std::unique_ptr<store::Database> database;
  std::unique_ptr<store::SegmentIndex> index;
  std::int64_t count = 0;
  double weather = 1;
  std::uint64_t kept = 0;
  std::vector<std::uint64_t> sizes;
  std::optional<double> first_deletion;
};

// What is said on the third day is compared with the day on which the oldest really went.
TEST(ForecastTest, IsWithinTenPercentOfTheDayOnWhichTheOldestGoes) {
  for (unsigned seed = 1; seed <= 6; ++seed) {
    for (const auto total : {300 * gib, 800 * gib, 5000 * gib}) {
      Month month(total, seed);
      month.until(3);
      const auto said = forecast(month.known(), {});
      ASSERT_TRUE(said);
      while (!month.first_deletion && month.day() < 45) month.until(month.day() + 0.5);
      ASSERT_TRUE(month.first_deletion);
      EXPECT_NEAR(said->days, *month.first_deletion, *month.first_deletion * 0.1)
          << "seed " << seed << ", " << total / gib << " GiB";
    }
  }
}

// A disk that is full since long, of which events and what is protected are the oldest by far.
TEST(ForecastTest, IsWithinTenPercentOnASmallDiskThatHoldsADayOrTwo) {
  for (unsigned seed = 1; seed <= 6; ++seed) {
    for (const auto total : {125 * gib, 150 * gib}) {
      Month month(total, seed, 0.05);
      for (double day = 6.3; day < 9; day += 0.7) {
        month.until(day);
        const auto oldest = month.index->continuous_since(begin);
        ASSERT_TRUE(oldest && *oldest);
        ASSERT_LT(days_of(month.now() - **oldest), 3) << "the disk is not small";
        ASSERT_GT(days_of(month.now() - *month.index->recorded_since(month.now() - 72h)->since), 2.5);
        const auto facts = month.known();
        const auto rate = month.recorded_per_day(3);
        EXPECT_NEAR(static_cast<double>(facts.bytes_per_day), rate, rate * 0.1)
            << "seed " << seed << ", " << total / gib << " GiB, day " << day;
        const auto said = forecast(facts, {});
        ASSERT_TRUE(said);
        EXPECT_TRUE(said->by_space);
        EXPECT_NEAR(said->days, *month.first_deletion, *month.first_deletion * 0.15);
      }
    }
  }
}

TEST(ForecastTest, SaysNothingOfAnHour) {
  Month month(500 * gib, 1);
  month.record();
  const auto facts = forecast_facts(*month.index, month.space, false, month.now());
  ASSERT_TRUE(facts);
  EXPECT_FALSE(*facts);
}

}  // namespace
}  // namespace porchlight::record
