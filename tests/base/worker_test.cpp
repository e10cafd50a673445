// SPDX-License-Identifier: Apache-2.0
#include "porchlight/base/worker.hpp"

#include <gtest/gtest.h>
#include <pthread.h>

#include <array>
#include <latch>
#include <stdexcept>

namespace porchlight {
namespace {

using namespace std::chrono_literals;

TEST(Worker, RunsUntilStoppedUnderItsName) {
  SystemClock clock;
  std::array<char, 16> name{};
  std::latch started(1);
  Worker worker("a-name-longer-than-15", clock, [&](std::stop_token stop, Heartbeat&) {
    ::pthread_getname_np(::pthread_self(), name.data(), name.size());
    started.count_down();
    (void)clock.sleep_for(1h, stop);
  });
  started.wait();
  EXPECT_EQ(worker.state(), Worker::State::running);
  EXPECT_STREQ(name.data(), "a-name-longer-t");
  worker.request_stop();
  worker.join();
  EXPECT_EQ(worker.state(), Worker::State::returned);
}

TEST(Worker, TellsAReturnFromAThrow) {
  SystemClock clock;
  Worker returned("returned", clock, [](std::stop_token, Heartbeat&) {});
  Worker threw("threw", clock,
               [](std::stop_token, Heartbeat&) { throw std::runtime_error("no more frames"); });
  Worker strange("strange", clock, [](std::stop_token, Heartbeat&) { throw 42; });
  returned.join();
  threw.join();
  strange.join();
  EXPECT_EQ(returned.state(), Worker::State::returned);
  EXPECT_EQ(threw.state(), Worker::State::threw);
  EXPECT_EQ(threw.fault(), "no more frames");
  EXPECT_EQ(strange.state(), Worker::State::threw);
  EXPECT_FALSE(strange.fault().empty());
}

TEST(Worker, ItsEndStopsAndJoinsTheThread) {
  SystemClock clock;
  std::atomic<bool> ended{false};
  {
    Worker worker("joined", clock, [&](std::stop_token stop, Heartbeat&) {
      (void)clock.sleep_for(1h, stop);
      ended = true;
    });
  }
  EXPECT_TRUE(ended);
}

TEST(Heartbeat, AgesUntilTheNextBeat) {
  SimulatedClock clock;
  Heartbeat heartbeat(clock);
  EXPECT_EQ(heartbeat.age(), 0ns);
  clock.advance(3s);
  EXPECT_EQ(heartbeat.age(), 3s);
  heartbeat.beat();
  EXPECT_EQ(heartbeat.age(), 0ns);
}

TEST(Heartbeat, IsTheWorkersOwn) {
  SimulatedClock clock;
  std::latch aged(1);
  std::latch beaten(1);
  std::latch seen(1);
  Worker worker("beating", clock, [&](std::stop_token, Heartbeat& heartbeat) {
    aged.wait();
    heartbeat.beat();
    beaten.count_down();
    seen.wait();
  });
  clock.advance(5s);
  EXPECT_EQ(worker.heartbeat().age(), 5s);
  aged.count_down();
  beaten.wait();
  EXPECT_EQ(worker.heartbeat().age(), 0s);
  seen.count_down();
}

}  // namespace
}  // namespace porchlight
