// SPDX-License-Identifier: Apache-2.0
#include "porchlight/observe/memory_trend.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <map>

namespace porchlight::observe {
namespace {

using namespace std::chrono_literals;
constexpr double megabyte = 1e6;

class MemoryTrendTest : public testing::Test {
 protected:
  // A sample every minute.
  void live(std::chrono::minutes time, const std::function<double(double minute)>& bytes) {
    for (auto minute = 0min; minute < time; ++minute) {
      trend_.add(clock_.now(), bytes(static_cast<double>(minute.count())));
      clock_.advance(1min);
    }
  }

  SimulatedClock clock_;
  MemoryTrend trend_;
};

TEST_F(MemoryTrendTest, SaysNothingBeforeAnHourIsCovered) {
  live(70min, [](double minute) { return 100 * megabyte + minute * megabyte; });
  EXPECT_EQ(trend_.covered(), 59min);
  EXPECT_FALSE(trend_.growth());
  live(1min, [](double) { return 170 * megabyte; });
  EXPECT_TRUE(trend_.growth());
}

TEST_F(MemoryTrendTest, SeesALeak) {
  live(3h, [](double minute) { return 100 * megabyte + minute * 0.2 * megabyte; });
  ASSERT_TRUE(trend_.growth());
  EXPECT_GT(*trend_.growth(), MemoryTrend::most);
  EXPECT_NEAR(*trend_.growth(), 12.0 / 130, 0.005);  // of what it holds by now
}

TEST_F(MemoryTrendTest, TakesWhatGoesUpAndDownForNone) {
  live(3h, [](double minute) { return (100 + (static_cast<int>(minute) % 2 == 0 ? 8 : 0)) * megabyte; });
  ASSERT_TRUE(trend_.growth());
  EXPECT_LT(*trend_.growth(), MemoryTrend::most);
}

TEST_F(MemoryTrendTest, LeavesTheStartOut) {
  live(71min, [](double minute) { return (minute < 10 ? 30 + 7 * minute : 100) * megabyte; });
  ASSERT_TRUE(trend_.growth());
  EXPECT_NEAR(*trend_.growth(), 0, 1e-9);
}

TEST_F(MemoryTrendTest, ForgetsWhatIsOlderThanTheWindow) {
  live(2h, [](double minute) { return 100 * megabyte + minute * megabyte; });
  live(61min, [](double) { return 220 * megabyte; });
  ASSERT_TRUE(trend_.growth());
  EXPECT_NEAR(*trend_.growth(), 0, 1e-9);
}

TEST_F(MemoryTrendTest, TakesOneSampleAMinute) {
  for (int second = 0; second < 72 * 60; ++second) {
    trend_.add(clock_.now(), second % 60 == 0 ? 100 * megabyte : 900 * megabyte);
    clock_.advance(1s);
  }
  ASSERT_TRUE(trend_.growth());
  EXPECT_NEAR(*trend_.growth(), 0, 1e-9);
}

// 45 MB of networks for twelve minutes of an hour.
double with_a_visit(int minute) {
  return minute % 60 >= 45 && minute % 60 < 57 ? 145 * megabyte : 100 * megabyte;
}

TEST_F(MemoryTrendTest, AVisitAloneWouldLookLikeALeak) {
  live(117min, [](double minute) { return with_a_visit(static_cast<int>(minute)); });
  ASSERT_TRUE(trend_.growth());
  EXPECT_GT(*trend_.growth(), MemoryTrend::most);
}

class MemoryCheckTest : public testing::Test {
 protected:
  void live(std::chrono::minutes time, double leak_an_hour) {
    for (auto minute = 0min; minute < time; ++minute) {
      const double now = with_a_visit(static_cast<int>(minute.count()));
      trends_.add(clock_.now(), now > 100 * megabyte,
                  now + leak_an_hour * static_cast<double>(minute.count()) / 60);
      clock_.advance(1min);
    }
  }
  // The gauges of the whole table, of which only `memory` looks at anything.
  std::map<std::string_view, double> gauges() {
    Probes probes;
    for (const auto& check : deep_checks())
      probes[check.name] = [](const std::stop_token&) { return Finding{}; };
    probes["memory"] = [this](const std::stop_token&) { return judge(trends_.current()); };
    DeepHealth deep(probes, clock_, metrics_);
    deep.report({});
    std::map<std::string_view, double> now;
    for (const auto& check : deep_checks())
      now[check.name] = metrics_.gauge("health_check_status", {{"check", std::string(check.name)}}).value();
    return now;
  }

  SimulatedClock clock_;
  MemoryTrends trends_;
  telemetry::Metrics metrics_{telemetry::ClosedSets{}};
};

TEST_F(MemoryCheckTest, OnlyItTurnsWhereMemoryGrows) {
  live(4h, 0);
  auto expected = gauges();
  for (const auto& [check, value] : expected) EXPECT_EQ(value, 1) << check;
  expected["memory"] = 0;
  live(4h, 8 * megabyte);
  EXPECT_EQ(gauges(), expected);
}

TEST_F(MemoryCheckTest, VisitorsAreNoGrowth) {
  live(237min, 0);  // to the end of a visit
  EXPECT_EQ(judge(trends_.current()).fault, "");
  live(117min, 0);
  EXPECT_EQ(judge(trends_.current()).fault, "");
}

}  // namespace
}  // namespace porchlight::observe
