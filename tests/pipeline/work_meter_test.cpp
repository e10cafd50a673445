// SPDX-License-Identifier: Apache-2.0
#include "pipeline/work_meter.hpp"

#include <gtest/gtest.h>
#include <time.h>

#include <atomic>
#include <thread>

namespace porchlight::pipeline {
namespace {

using namespace std::chrono_literals;

std::chrono::nanoseconds own_cpu() {
  timespec used{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
  return std::chrono::seconds(used.tv_sec) + std::chrono::nanoseconds(used.tv_nsec);
}

void burn(std::chrono::nanoseconds cpu) {
  const auto until = own_cpu() + cpu;
  while (own_cpu() < until) {
  }
}

telemetry::ClosedSets sets() {
  telemetry::ClosedSets closed;
  closed.camera_ids = {"front"};
  return closed;
}

class WorkMeterTest : public testing::Test {
 protected:
  SystemClock clock;
  telemetry::Metrics metrics{sets()};
  telemetry::Counter restarts = metrics.counter("ffmpeg_process_restarts_total", {{"camera_id", "front"}});
  WorkMeter meter{clock, restarts};
};

TEST_F(WorkMeterTest, ReadsAnotherThreadsClockWhileItRuns) {
  EXPECT_EQ(meter.cpu(), 0ns);
  std::atomic<bool> burnt = false, seen = false;
  std::thread worker([&] {
    const WorkMeter::Run run(meter);
    burn(30ms);
    burnt = true;
    while (!seen) std::this_thread::sleep_for(1ms);
  });
  while (!burnt) std::this_thread::sleep_for(1ms);
  const auto used = meter.cpu();
  const auto since = meter.running_since();
  seen = true;
  worker.join();
  EXPECT_GE(used, 30ms);
  ASSERT_TRUE(since);
  EXPECT_LE(*since, clock.now());
}

TEST_F(WorkMeterTest, AddsUpItsRunsAndCountsAllButTheFirst) {
  for (int run = 0; run < 3; ++run)
    std::thread([&] {
      const WorkMeter::Run counted(meter);
      burn(10ms);
    }).join();
  EXPECT_GE(meter.cpu(), 30ms);
  EXPECT_LT(meter.cpu(), 3s) << "own threads' time, not the machine's";
  EXPECT_EQ(meter.running_since(), std::nullopt);
  EXPECT_EQ(restarts.value(), 2);
}

TEST_F(WorkMeterTest, ARunThatThrowsHasEnded) {
  std::thread([&] {
    try {
      const WorkMeter::Run counted(meter);
      throw 1;
    } catch (int) {
    }
  }).join();
  EXPECT_EQ(meter.running_since(), std::nullopt);
  const auto used = meter.cpu();
  burn(5ms);
  EXPECT_EQ(meter.cpu(), used);
}

}  // namespace
}  // namespace porchlight::pipeline
