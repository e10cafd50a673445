// SPDX-License-Identifier: Apache-2.0
#include "porchlight/observe/health_score.hpp"

#include <gtest/gtest.h>

namespace porchlight::observe {
namespace {

using namespace std::chrono_literals;

MonotonicTime at(std::chrono::seconds since) {
  return MonotonicTime{since};
}

TEST(HealthScore, IsWholeWhereThereIsNothing) {
  HealthScore score;
  EXPECT_DOUBLE_EQ(score.add(at(0s), {}), 100);
  EXPECT_DOUBLE_EQ(score.add(at(5s), {}), 100);
}

TEST(HealthScore, WeighsEachPart) {
  const ScoreTotals before{.cameras = 4, .connected = 4};
  struct Case {
    ScoreTotals now;
    double score;
  };
  for (const auto& [now, expected] :
       {Case{{.cameras = 4, .connected = 3}, 90}, Case{{.cameras = 4, .connected = 0}, 60},
        Case{{.cameras = 4, .connected = 4, .requests = 10, .failed = 5}, 85},
        Case{{.cameras = 4, .connected = 4, .frames_received = 100, .frames_dropped = 10}, 99},
        Case{{.cameras = 4, .connected = 4, .disks_used_percent = 75}, 85}}) {
    HealthScore score;
    score.add(at(0s), before);
    EXPECT_DOUBLE_EQ(score.add(at(5s), now), expected);
  }
}

TEST(HealthScore, ForgetsWhatIsOlderThanFiveMinutes) {
  HealthScore score;
  score.add(at(0s), {});
  EXPECT_DOUBLE_EQ(score.add(at(10s), {.requests = 4, .failed = 4}), 70);
  EXPECT_DOUBLE_EQ(score.add(at(200s), {.requests = 8, .failed = 4}), 85);
  EXPECT_DOUBLE_EQ(score.add(at(310s), {.requests = 8, .failed = 4}), 100);
}

// Counters of a camera that is taken out of the configuration go with it.
TEST(HealthScore, BeginsAnewWhenACounterFalls) {
  HealthScore score;
  score.add(at(0s), {.frames_received = 1000, .frames_dropped = 500});
  EXPECT_DOUBLE_EQ(score.add(at(5s), {.frames_received = 10}), 100);
  EXPECT_DOUBLE_EQ(score.add(at(10s), {.frames_received = 20, .frames_dropped = 5}), 95);
}

TEST(HealthScore, StaysWithinItsBounds) {
  HealthScore score;
  score.add(at(0s), {});
  EXPECT_DOUBLE_EQ(score.add(at(5s), {.cameras = 1,
                                      .connected = 0,
                                      .requests = 1,
                                      .failed = 1,
                                      .frames_received = 1,
                                      .frames_dropped = 9,
                                      .disks_used_percent = 130}),
                   0);
}

}  // namespace
}  // namespace porchlight::observe
