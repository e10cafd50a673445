// SPDX-License-Identifier: Apache-2.0
#include "porchlight/observe/memory_trend.hpp"

#include <gtest/gtest.h>

#include <functional>

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

}  // namespace
}  // namespace porchlight::observe
