// SPDX-License-Identifier: Apache-2.0
#include "porchlight/record/retention.hpp"

#include <gtest/gtest.h>

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

}  // namespace
}  // namespace porchlight::record
