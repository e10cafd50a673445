// SPDX-License-Identifier: Apache-2.0
#include "pipeline/storm.hpp"

#include <gtest/gtest.h>

namespace porchlight::pipeline {
namespace {

// Enough that a lane's memory overflows into the outbox; ten thousand are tests/bench/notify_storm.cpp.
TEST(NotificationStorm, LosesNothingAgainstChannelsThatFailAtRandom) {
  StormOptions options;
  options.rings = 700;
  options.channels = 2;
  const auto report = run_storm(options);
  EXPECT_EQ(report.lost, 0U);
  EXPECT_EQ(report.unsettled, 0U);
  EXPECT_GT(report.attempts, report.messages * 13 / 10) << "nothing failed";
  EXPECT_GT(report.duplicates, 0U) << "nothing arrived twice: the storm is not what it says";
  RecordProperty("duplicates", static_cast<int>(report.duplicates));
}

// Most fails, so that the breaker opens again and again: all arrives within its lifetime nevertheless.
TEST(NotificationStorm, SurvivesChannelsThatMostlyFail) {
  StormOptions options;
  options.rings = 100;
  options.channels = 1;
  options.failing = 0.8;
  const auto report = run_storm(options);
  EXPECT_EQ(report.lost, 0U);
  EXPECT_EQ(report.unsettled, 0U);
  EXPECT_GT(report.open_seconds, 0U) << "no channel was left alone";
}

}  // namespace
}  // namespace porchlight::pipeline
