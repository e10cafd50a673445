// SPDX-License-Identifier: Apache-2.0
#include "porchlight/pipeline/supervisor.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <tuple>
#include <vector>

namespace porchlight::pipeline {
namespace {

using namespace std::chrono_literals;

telemetry::ClosedSets sets() {
  telemetry::ClosedSets closed;
  closed.workers = {{"a", "event"}, {"b", "sync"}, {"c", "sync"}};
  return closed;
}

// Polls a condition that another thread brings about.
template <class Condition>
bool soon(Condition condition) {
  for (int i = 0; i < 5000; ++i) {
    if (condition()) return true;
    std::this_thread::sleep_for(1ms);
  }
  return false;
}

class SupervisorTest : public testing::Test {
 protected:
  double health(const std::string& id, const std::string& type) {
    return metrics.gauge("pipeline_worker_health", {{"worker_id", id}, {"worker_type", type}}).value();
  }
  double restarts(const std::string& type) {
    return metrics.counter("pipeline_worker_restarts_total", {{"worker_type", type}}).value();
  }

  SimulatedClock clock;
  telemetry::Metrics metrics{sets()};
  Supervisor supervisor{clock, metrics};
};

void until_stopped(std::stop_token stop, Heartbeat& beat) {
  while (!stop.stop_requested()) {
    beat.beat();
    std::this_thread::sleep_for(1ms);
  }
}

TEST_F(SupervisorTest, StartsAgainWhatThrew) {
  std::atomic<int> runs = 0;
  supervisor.start({"a", "event", Stage::events, 5s, [&](std::stop_token stop, Heartbeat& beat) {
                      if (++runs == 1) throw std::runtime_error("spilt milk");
                      until_stopped(stop, beat);
                    }});
  // Nothing restarts before its pause is over: simulated time moves only here.
  ASSERT_TRUE(soon([&] { return supervisor.check(), health("a", "event") == 0; }));
  EXPECT_EQ(runs, 1);
  clock.advance(150ms);
  supervisor.check();
  EXPECT_TRUE(soon([&] { return runs == 2; }));
  EXPECT_EQ(restarts("event"), 1);
  EXPECT_EQ(health("a", "event"), 1);
  EXPECT_TRUE(supervisor.stop(2s));
}

TEST_F(SupervisorTest, AFaultIsThatOfTheComponentTheWorkerBelongsTo) {
  const std::vector<std::tuple<std::string, std::string, std::string>> places = {
      {"store", "sync", "database"},
      {"accounts", "sync", "auth"},
      {"library", "sync", "api"},
      {"footage", "sync", "storage"},
      {"live", "streamer", "streaming"}};
  telemetry::ClosedSets more;
  for (const auto& [id, type, component] : places) more.workers.emplace_back(id, type);
  metrics.extend(more);
  const auto faults = [&](const std::string& component) {
    return metrics
        .counter("errors_total",
                 {{"component", component}, {"error_type", "internal"}, {"severity", "critical"}})
        .value();
  };
  for (const auto& [id, type, component] : places)
    supervisor.start({id, type, Stage::events, 5s,
                      [](std::stop_token, Heartbeat&) { throw std::runtime_error("spilt milk"); }});
  for (const auto& place : places)
    EXPECT_TRUE(soon([&] { return supervisor.check(), faults(std::get<2>(place)) == 1; }))
        << std::get<2>(place);
  EXPECT_TRUE(supervisor.stop(2s));
}

// Which levels the workers run at; the test's own thread is at 0.
TEST_F(SupervisorTest, TellsTheSchedulerWhatMayWait) {
  if (::getpriority(PRIO_PROCESS, 0) != 0) GTEST_SKIP() << "this runs at another nice level than 0";
  std::atomic<int> ring = 99, normal = 99, watching = 99, background = 99;
  auto level_into = [](std::atomic<int>& level) {
    return [&](std::stop_token stop, Heartbeat& beat) {
      level = ::getpriority(PRIO_PROCESS, 0);
      until_stopped(stop, beat);
    };
  };
  rlimit limit{};
  ASSERT_EQ(::getrlimit(RLIMIT_NICE, &limit), 0);
  const bool may_raise = ::geteuid() == 0 || limit.rlim_cur >= 30;
  supervisor.start({"a", "event", Stage::events, 5s, level_into(ring), Urgency::ring});
  supervisor.start({"b", "sync", Stage::events, 5s, level_into(background), Urgency::background});
  supervisor.start({"c", "sync", Stage::events, 5s, level_into(normal)});
  supervisor.start({"d", "sync", Stage::events, 5s, level_into(watching), Urgency::watching});
  ASSERT_TRUE(soon([&] { return ring != 99 && normal != 99 && watching != 99 && background != 99; }));
  EXPECT_EQ(normal, 0);
  EXPECT_EQ(watching, 2);
  EXPECT_EQ(background, 5);
  EXPECT_EQ(ring, may_raise ? -10 : 0);  // without the right it runs all the same
  EXPECT_EQ(::getpriority(PRIO_PROCESS, 0), 0);
  EXPECT_TRUE(supervisor.stop(2s));
}

TEST_F(SupervisorTest, PauseDoublesWhileAWorkerKeepsReturning) {
  std::atomic<int> runs = 0;
  supervisor.start({"a", "event", Stage::events, 5s, [&](std::stop_token, Heartbeat&) { ++runs; }});
  for (const auto pause : {100ms, 200ms, 400ms}) {
    ASSERT_TRUE(soon([&] { return supervisor.check(), health("a", "event") == 0; }));
    const int before = runs;
    clock.advance(pause - 10ms);
    supervisor.check();
    EXPECT_EQ(runs, before) << pause.count();
    clock.advance(20ms);
    supervisor.check();
    ASSERT_TRUE(soon([&] { return runs == before + 1; }));
  }
  EXPECT_TRUE(supervisor.stop(2s));
}

TEST_F(SupervisorTest, SilentWorkerIsSaidAndComesBack) {
  std::atomic<bool> beats = false;
  supervisor.start({"a", "event", Stage::events, 5s, [&](std::stop_token stop, Heartbeat& beat) {
                      while (!stop.stop_requested()) {
                        if (beats) beat.beat();
                        std::this_thread::sleep_for(1ms);
                      }
                    }});
  EXPECT_TRUE(supervisor.check());
  clock.advance(4s);
  EXPECT_TRUE(supervisor.check());
  clock.advance(2s);
  EXPECT_FALSE(supervisor.check());
  EXPECT_EQ(health("a", "event"), 0);
  EXPECT_EQ(supervisor.silent(), std::vector<std::string>{"a"});
  beats = true;
  EXPECT_TRUE(soon([&] { return supervisor.check(); }));
  EXPECT_EQ(health("a", "event"), 1);
  EXPECT_TRUE(supervisor.stop(2s));
}

TEST_F(SupervisorTest, StopsSourcesBeforeWhatTheyFeed) {
  std::mutex lock;
  std::vector<std::string> ended;
  const auto body = [&](const char* name) {
    return [&, name](std::stop_token stop, Heartbeat& beat) {
      until_stopped(stop, beat);
      std::this_thread::sleep_for(20ms);  // a stage that did not wait for the one before would overtake it
      const std::lock_guard hold(lock);
      ended.emplace_back(name);
    };
  };
  supervisor.start({"b", "sync", Stage::store, 5s, body("store")});
  supervisor.start({"a", "event", Stage::sources, 5s, body("source")});
  EXPECT_TRUE(supervisor.stop(2s));
  EXPECT_EQ(ended, (std::vector<std::string>{"source", "store"}));
}

TEST_F(SupervisorTest, RetiresOneWorkerAndForgetsItsSeries) {
  supervisor.start({"a", "event", Stage::events, 5s, until_stopped});
  supervisor.start({"b", "sync", Stage::store, 5s, until_stopped});
  EXPECT_TRUE(supervisor.retire("a", 2s));
  EXPECT_EQ(metrics.exposition().find("worker_id=\"a\""), std::string::npos);
  EXPECT_NE(metrics.exposition().find("worker_id=\"b\""), std::string::npos);
  EXPECT_TRUE(supervisor.retire("nobody", 2s));
  EXPECT_TRUE(supervisor.stop(2s));
}

TEST_F(SupervisorTest, WhoWasGivenUpAndEndsAfterAllIsNoFaultForEver) {
  std::atomic<bool> let_go = false;
  supervisor.start({"a", "event", Stage::events, 5s, [&](std::stop_token, Heartbeat&) {
                      while (!let_go) std::this_thread::sleep_for(1ms);
                    }});
  EXPECT_FALSE(supervisor.retire("a", 20ms));
  EXPECT_FALSE(supervisor.check());
  EXPECT_TRUE(supervisor.is_abandoned("a"));
  EXPECT_FALSE(supervisor.retire("a", 2s)) << "it runs still";
  EXPECT_EQ(supervisor.silent(), std::vector<std::string>{"a"});
  let_go = true;
  EXPECT_TRUE(soon([&] { return supervisor.check(); }));
  EXPECT_FALSE(supervisor.is_abandoned("a"));
  EXPECT_TRUE(supervisor.silent().empty());
  EXPECT_EQ(metrics.exposition().find("worker_id=\"a\""), std::string::npos);
  EXPECT_TRUE(supervisor.retire("a", 2s)) << "what uses it may be built anew";
  supervisor.start({"a", "event", Stage::events, 5s, until_stopped});
  EXPECT_EQ(health("a", "event"), 1);
  EXPECT_TRUE(supervisor.stop(2s));
}

// A lane that was replaced while the one before hung.
TEST_F(SupervisorTest, TheSeriesOfANameBelongsToWhoeverBearsItNow) {
  std::atomic<bool> let_go = false;
  supervisor.start({"a", "event", Stage::events, 5s, [&](std::stop_token, Heartbeat&) {
                      while (!let_go) std::this_thread::sleep_for(1ms);
                    }});
  EXPECT_FALSE(supervisor.retire("a", 20ms));
  supervisor.start({"a", "event", Stage::events, 5s, until_stopped});
  let_go = true;
  EXPECT_TRUE(soon([&] { return supervisor.check(); }));
  EXPECT_NE(metrics.exposition().find("worker_id=\"a\""), std::string::npos);
  EXPECT_TRUE(supervisor.stop(2s));
}

TEST_F(SupervisorTest, SeveralAreAskedToEndAtOnce) {
  std::atomic<int> asked = 0;
  const auto body = [&](std::stop_token stop, Heartbeat& beat) {
    until_stopped(stop, beat);
    ++asked;
    while (asked < 2) std::this_thread::sleep_for(1ms);  // not before the other was asked, too
  };
  supervisor.start({"a", "event", Stage::events, 5s, body});
  supervisor.start({"b", "sync", Stage::events, 5s, body});
  supervisor.request_stop("a");
  supervisor.request_stop("b");
  supervisor.request_stop("nobody");
  EXPECT_TRUE(supervisor.retire("a", 5s));
  EXPECT_TRUE(supervisor.retire("b", 5s));
}

TEST(SupervisorStop, GivesUpWhatDoesNotReturnWithinTheLimit) {
  // Its thread outlives the test on purpose: everything that it touches is never destroyed.
  auto* clock = new SystemClock;
  auto* metrics = new telemetry::Metrics(sets());
  auto* let_go = new std::atomic<bool>(false);
  auto* gone = new std::atomic<bool>(false);
  {
    Supervisor supervisor(*clock, *metrics);
    supervisor.start({"a", "event", Stage::events, 5s, [=](std::stop_token, Heartbeat&) {
                        while (!*let_go) std::this_thread::sleep_for(1ms);
                        *gone = true;
                      }});
    EXPECT_FALSE(supervisor.stop(50ms));
  }
  *let_go = true;
  EXPECT_TRUE(soon([&] { return gone->load(); }));
}

}  // namespace
}  // namespace porchlight::pipeline
