// SPDX-License-Identifier: Apache-2.0
#include "camera/clock_fit.hpp"

#include <gtest/gtest.h>

namespace porchlight::camera {
namespace {

using namespace std::chrono_literals;

TEST(ClockFit, FindsNothingInAnHonestClock) {
  ClockFit fit;
  for (int i = 0; i < 75; ++i) fit.add(i * 66ms, i * 66ms);
  ASSERT_TRUE(fit.line().has_value());
  EXPECT_NEAR(fit.line()->drift_ms_per_second, 0, 0.001);
  EXPECT_NEAR(fit.line()->jitter_ms, 0, 0.001);
}

TEST(ClockFit, FindsAClockThatRunsFastUnderItsJitter) {
  ClockFit fit;
  // 60 frames of 66.6 ms by the sender's clock take 59 s by ours; every third comes 9 ms late.
  for (int i = 0; i < 75; ++i) fit.add(i * 66ms, i * 65ms + (i % 3 == 0 ? 9ms : 0ms));
  ASSERT_TRUE(fit.line().has_value());
  EXPECT_NEAR(fit.line()->drift_ms_per_second, 1000.0 / 66, 0.5);
  EXPECT_NEAR(fit.line()->jitter_ms, 9, 0.5);
}

TEST(ClockFit, FindsAClockThatRunsSlow) {
  ClockFit fit;
  for (int i = 0; i < 75; ++i) fit.add(i * 66ms, i * 67ms);
  EXPECT_LT(fit.line()->drift_ms_per_second, -10);
}

TEST(ClockFit, SaysNothingByTooFewPoints) {
  ClockFit fit;
  for (int i = 0; i < 9; ++i) fit.add(i * 1s, i * 1s);
  EXPECT_FALSE(fit.line().has_value());
  ClockFit burst;
  for (int i = 0; i < 50; ++i) burst.add(i * 1ms, i * 1ms);
  EXPECT_FALSE(burst.line().has_value());
}

}  // namespace
}  // namespace porchlight::camera
