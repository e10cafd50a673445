// SPDX-License-Identifier: Apache-2.0
#include "porchlight/base/clock.hpp"

#include <gtest/gtest.h>

#include <latch>
#include <thread>

namespace porchlight {
namespace {

using namespace std::chrono_literals;

TEST(SystemClock, SleepsAtLeastAsLongAsAsked) {
  SystemClock clock;
  const auto begun = clock.now();
  EXPECT_TRUE(clock.sleep_for(5ms, {}));
  EXPECT_GE(clock.now() - begun, 5ms);
}

// A token whose stop is already requested. (A thread's, since g++ 12 misjudges std::stop_source.)
std::stop_token stopped() {
  std::jthread thread([] {});
  thread.request_stop();
  return thread.get_stop_token();
}

TEST(SystemClock, AStopRequestEndsASleepOfAnyLength) {
  SystemClock clock;
  for (const std::chrono::nanoseconds length :
       {std::chrono::nanoseconds(1h), std::chrono::nanoseconds::max()}) {
    bool slept_through = true;
    {
      std::latch begun(1);
      std::jthread sleeper([&](std::stop_token stop) {
        begun.count_down();
        slept_through = clock.sleep_for(length, stop);
      });
      begun.wait();
    }
    EXPECT_FALSE(slept_through);
  }
}

TEST(SystemClock, DoesNotSleepWhenStoppedBefore) {
  SystemClock clock;
  EXPECT_FALSE(clock.sleep_for(1h, stopped()));
}

TEST(SystemClock, NowIsTheKernelsMonotonicClock) {
  SystemClock clock;
  timespec before{};
  ::clock_gettime(CLOCK_MONOTONIC, &before);
  const auto now = clock.now().time_since_epoch();
  timespec after{};
  ::clock_gettime(CLOCK_MONOTONIC, &after);
  EXPECT_GE(now, std::chrono::seconds(before.tv_sec) + std::chrono::nanoseconds(before.tv_nsec));
  EXPECT_LE(now, std::chrono::seconds(after.tv_sec) + std::chrono::nanoseconds(after.tv_nsec));
}

TEST(SimulatedClock, MovesOnlyWhenTold) {
  SimulatedClock clock;
  const auto now = clock.now();
  const auto wall = clock.wall();
  EXPECT_EQ(clock.now(), now);
  EXPECT_TRUE(clock.sleep_for(2h, {}));
  EXPECT_EQ(clock.now() - now, 2h);
  EXPECT_EQ(clock.wall() - wall, 2h);
}

TEST(SimulatedClock, AStoppedSleepTakesNoTime) {
  SimulatedClock clock;
  const auto now = clock.now();
  EXPECT_FALSE(clock.sleep_for(2h, stopped()));
  EXPECT_EQ(clock.now(), now);
}

TEST(Rfc3339, GivesUtcWithMilliseconds) {
  EXPECT_EQ(rfc3339(WallTime{1'738'124'412'950ms}), "2025-01-29T04:20:12.950Z");
  EXPECT_EQ(rfc3339(WallTime{0ms}), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(rfc3339(WallTime{-1ms}), "1969-12-31T23:59:59.999Z");
  EXPECT_EQ(rfc3339(WallTime{1'709'208'000'007ms}), "2024-02-29T12:00:00.007Z");
}

}  // namespace
}  // namespace porchlight
