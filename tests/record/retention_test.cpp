// SPDX-License-Identifier: Apache-2.0
#include "porchlight/record/retention.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <deque>
#include <random>

namespace porchlight::record {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t gib = std::uint64_t{1} << 30U;
constexpr WallTime now{std::chrono::seconds{1'764'000'000}};
using Ids = std::vector<std::int64_t>;

RetentionFacts roomy() {
  RetentionFacts facts;
  facts.total = 1000 * gib;
  facts.free = 900 * gib;
  facts.kept = 100 * gib;
  facts.now = now;
  return facts;
}

Ids ids_of(const RetentionPlan& plan) {
  Ids ids;
  for (const auto& doomed : plan.doomed) ids.push_back(doomed.id);
  return ids;
}

TEST(Retention, NothingGoesWhileThereIsSpaceAndNothingIsOld) {
  auto facts = roomy();
  facts.continuous = {{1, gib, now - 24h * 29}};
  facts.of_events = {{2, gib, now - 24h * 89}};
  const auto plan = plan_retention(facts, {});
  EXPECT_TRUE(plan.doomed.empty());
  EXPECT_EQ(plan.short_by, 0U);
}

TEST(Retention, ByAgeEachClassHasItsOwn) {
  auto facts = roomy();
  facts.continuous = {{1, gib, now - 24h * 31}, {2, gib, now - 24h * 30 - 1s}, {3, gib, now - 24h * 30 + 1s}};
  facts.of_events = {{4, gib, now - 24h * 91}, {5, gib, now - 24h * 31}};
  const auto plan = plan_retention(facts, {});
  EXPECT_EQ(ids_of(plan), (Ids{1, 2, 4}));
  for (const auto& doomed : plan.doomed) EXPECT_EQ(doomed.reason, DeletionReason::age);
}

TEST(Retention, WhatHasNoTimeHasNoAge) {
  auto facts = roomy();
  facts.continuous = {{1, gib, {}}, {2, gib, now}};
  EXPECT_TRUE(plan_retention(facts, {}).doomed.empty());
  facts.continuous = {{1, gib, {}}, {2, gib, now - 24h * 365}, {3, gib, {}}};
  EXPECT_EQ(ids_of(plan_retention(facts, {})), (Ids{1, 2}));  // but what is before something old is older
  facts.now.reset();                                          // the clock is not believed
  EXPECT_TRUE(plan_retention(facts, {}).doomed.empty());
}

TEST(Retention, BySpaceTheOldestContinuousGoesFirstThenTheOldestOfEvents) {
  auto facts = roomy();
  facts.kept = 803 * gib;  // 3 GiB beyond 80 %
  facts.free = 197 * gib;
  facts.continuous = {{1, gib, now - 24h}, {2, gib, {}}};
  facts.of_events = {{3, 2 * gib, now - 48h}, {4, gib, now}};
  const auto plan = plan_retention(facts, {});
  EXPECT_EQ(ids_of(plan), (Ids{1, 2, 3}));
  for (const auto& doomed : plan.doomed) EXPECT_EQ(doomed.reason, DeletionReason::space);
  EXPECT_EQ(plan.short_by, 0U);
}

TEST(Retention, WhatGoesForItsAgeCountsAsSpace) {
  auto facts = roomy();
  facts.kept = 802 * gib;
  facts.free = 198 * gib;
  facts.continuous = {{1, 2 * gib, now - 24h * 31}, {2, gib, now}};
  EXPECT_EQ(ids_of(plan_retention(facts, {})), Ids{1});
}

TEST(Retention, KeepsTheReserveFree) {
  auto facts = roomy();
  facts.free = 1 * gib;  // others fill the volume
  facts.kept = 10 * gib;
  for (std::int64_t id = 1; id <= 9; ++id) facts.continuous.push_back({id, gib / 2, now});
  EXPECT_EQ(plan_retention(facts, {}).doomed.size(), 2U);  // 2 GiB are to be free
  RecordOptions options;
  options.reserve = Share{3 * gib, 0};
  EXPECT_EQ(plan_retention(facts, options).doomed.size(), 4U);
  options.reserve = Share{0, 0.005};
  EXPECT_EQ(plan_retention(facts, options).doomed.size(), 8U);
}

TEST(Retention, SaysWhatItCannotFree) {
  auto facts = roomy();
  facts.free = 0;
  facts.continuous = {{1, gib / 2, now}};
  const auto plan = plan_retention(facts, {});
  EXPECT_EQ(ids_of(plan), Ids{1});
  EXPECT_EQ(plan.short_by, 2 * gib - gib / 2);
}

TEST(Retention, AWriteThatFoundNoSpaceGetsWhatIsMissing) {
  constexpr std::uint64_t mib = 1U << 20U;
  auto facts = roomy();
  facts.wanted = 64 * mib;
  facts.free = 10 * mib;
  facts.continuous = {{1, 40 * mib, now}, {2, 40 * mib, now}, {3, 40 * mib, now}};
  RecordOptions options;
  options.reserve = Share{mib, 0};
  EXPECT_EQ(ids_of(plan_retention(facts, options)), (Ids{1, 2}));
  facts.free = 30 * mib;
  EXPECT_EQ(ids_of(plan_retention(facts, options)), Ids{1});
}

TEST(Retention, AWriteThatFoundNoSpaceDoesNotEmptyASmallVolume) {
  constexpr std::uint64_t mib = 1U << 20U;
  auto facts = roomy();
  facts.total = 16 * mib;
  facts.kept = 9 * mib / 2;
  facts.free = 0;
  facts.wanted = 64 * mib;
  facts.continuous = {{1, 3 * mib / 2, now}, {2, 3 * mib / 2, now}, {3, 3 * mib / 2, now}};
  RecordOptions options;
  options.reserve = Share{1, 0};
  options.space = Share{0, 1.0};
  const auto plan = plan_retention(facts, options);
  EXPECT_EQ(ids_of(plan), (Ids{1, 2}));  // an eighth
  EXPECT_EQ(plan.short_by, 0U);
}

// Whatever a write failed of, it was not for want of that: deleting would not help, and be repeated each
// second until nothing is left.
TEST(Retention, WhereThereIsSpaceNothingGoesHoweverOftenItIsAskedFor) {
  auto facts = roomy();
  facts.wanted = 64U << 20U;
  facts.continuous = {{1, 40U << 20U, now}, {2, 40U << 20U, now}};
  const auto plan = plan_retention(facts, {});
  EXPECT_TRUE(plan.doomed.empty());
  EXPECT_EQ(plan.short_by, 0U);
}

TEST(Retention, TheReserveIsWhatTheContractSays) {
  EXPECT_EQ(reserve_of({}, 1000 * gib, false), 2 * gib);
  EXPECT_EQ(reserve_of({}, 1000 * gib, true), 150 * gib);
  EXPECT_EQ(reserve_of({}, 10 * gib, true), 2 * gib);
  EXPECT_EQ(reserve_of({}, 5 * gib, false), gib);  // no more than a fifth
  EXPECT_EQ(reserve_of({}, 5 * gib, true), gib);
  RecordOptions options;
  options.reserve = Share{7, 0};
  EXPECT_EQ(reserve_of(options, 5 * gib, true), 7U);
  options.space = Share{123, 0};
  EXPECT_EQ(space_of(options, 5 * gib), 123U);
  EXPECT_EQ(space_of({}, 1000), 800U);
}

TEST(Retention, ReasonsAreTheLabelsOfTheirMetric) {
  EXPECT_EQ(to_string(DeletionReason::age), "age");
  EXPECT_EQ(to_string(DeletionReason::space), "space");
  EXPECT_EQ(to_string(DeletionReason::operator_), "operator");
  EXPECT_EQ(to_string(DeletionReason::corrupt), "corrupt");
  EXPECT_EQ(to_string(DeletionReason::erasure_request), "erasure_request");
}

TEST(Forecast, IsByAgeWhereEverythingFits) {
  const auto days = forecast({.bytes_per_day = gib, .total = 1000 * gib, .free = 1000 * gib}, {});
  ASSERT_TRUE(days);
  EXPECT_FALSE(days->by_space);
  EXPECT_DOUBLE_EQ(days->days, 30);
  EXPECT_FALSE(forecast({.total = 1000 * gib, .free = 1000 * gib}, {}));
}

TEST(Forecast, WhatIsProtectedOrNotOursDoesNotFit) {
  const auto days = forecast(
      {.bytes_per_day = gib, .held = 5 * gib, .kept = 10 * gib, .total = 1000 * gib, .free = 7 * gib}, {});
  ASSERT_TRUE(days);
  EXPECT_TRUE(days->by_space);
  EXPECT_DOUBLE_EQ(days->days, 10);  // 10 kept + 7 free - 2 reserve - 5 held
}

// A month of one camera whose bitrate follows the day, the weather and chance; retention at work. What is
// said on the third day is compared with the day on which the oldest really went.
double first_deletion_day(std::uint64_t total, unsigned seed, double& said) {
  std::mt19937 random(seed);
  std::uniform_real_distribution<double> noise(0.6, 1.4);
  RecordOptions options;
  RetentionFacts facts;
  facts.total = facts.free = total;
  constexpr auto length = 10min;
  std::deque<Holding> held;
  std::int64_t id = 0;
  double weather = 1;
  for (auto at = now; at < now + 24h * 45; at += length) {
    const double day = std::chrono::duration<double, std::ratio<86'400>>(at - now).count();
    if (id % 144 == 0) weather = std::uniform_real_distribution<double>(0.85, 1.15)(random);
    const double bitrate = 4e6 * weather * noise(random) * (1 + 0.5 * std::sin(day * 2 * 3.14159265));
    const auto bytes = static_cast<std::uint64_t>(bitrate / 8 * 600);
    held.push_back({++id, bytes, at + length});
    facts.kept += bytes;
    facts.free -= bytes;
    if (std::abs(day - 3) < 0.003)
      said =
          forecast({.bytes_per_day = facts.kept / 3, .kept = facts.kept, .total = total, .free = facts.free},
                   options)
              ->days;
    facts.now = at + length;
    facts.continuous.assign(held.begin(), held.begin() + std::min<std::ptrdiff_t>(64, std::ssize(held)));
    const auto plan = plan_retention(facts, options);
    if (!plan.doomed.empty()) return day;
  }
  return 45;
}

TEST(Forecast, IsWithinTenPercentOfASimulatedMonth) {
  for (unsigned seed = 1; seed <= 20; ++seed)
    for (const auto total : {500 * gib, 800 * gib, 1100 * gib, 5000 * gib}) {
      double said = 0;
      const auto really = first_deletion_day(total, seed, said);
      EXPECT_NEAR(said, really, really * 0.1) << "seed " << seed << ", " << total / gib << " GiB";
    }
}

}  // namespace
}  // namespace porchlight::record
