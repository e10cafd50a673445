// SPDX-License-Identifier: Apache-2.0
#include "porchlight/pipeline/executor.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "porchlight/base/clock.hpp"
#include "porchlight/telemetry/log_context.hpp"

namespace porchlight::pipeline {
namespace {

// The order in which the jobs ran; the last one, which is told so, ends the run.
struct Order {
  std::unique_ptr<Executor> executor = std::move(*Executor::create());
  std::string text;
  std::stop_source stop;

  Executor::Job job(char letter) {
    return [this, letter] { text += letter; };
  }
  void run() {
    SystemClock clock;
    Heartbeat heartbeat(clock);
    // The tick comes before each second's first job; by then everything is queued.
    ASSERT_TRUE(executor->slow([this] { stop.request_stop(); }));
    executor->run(stop.get_token(), heartbeat);
  }
};

TEST(Executor, QuickJobsComeFirstAndASlowOneHasItsTurn) {
  Order order;
  for (int i = 0; i < 2; ++i) ASSERT_TRUE(order.executor->slow(order.job('s')));
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(order.executor->quick(order.job('q')));
  order.run();
  EXPECT_EQ(order.text, "qqqqqqqqsqqqqqqqqsqqqq");
}

TEST(Executor, AJobRunsInTheLogContextOfWhoeverGaveIt) {
  Order order;
  std::string seen;
  const auto look = [&seen] { seen += telemetry::current_log_context().request_id + ';'; };
  {
    telemetry::LogContext context;
    context.request_id = "r-1";
    const telemetry::ContextScope scope(context);
    ASSERT_TRUE(order.executor->quick(look));
    ASSERT_TRUE(order.executor->slow(look));
  }
  ASSERT_TRUE(order.executor->slow(look));
  order.run();
  EXPECT_EQ(seen, "r-1;r-1;;");
}

// Whoever keeps it busy with quick ones does not keep the slow ones out.
TEST(Executor, QuickJobsWithoutEndDoNotStarveASlowOne) {
  Order order;
  std::size_t quick = 0;
  const std::function<void()> again = [&] {
    if (++quick < 1000) order.executor->quick(again);
  };
  ASSERT_TRUE(order.executor->quick(again));
  order.run();
  EXPECT_EQ(quick, Executor::quick_in_a_row);
}

TEST(Executor, ManyQuickJobsWithoutASlowOneAllRun) {
  Order order;
  std::size_t quick = 0;
  const std::function<void()> again = [&] {
    if (++quick < 100)
      order.executor->quick(again);
    else
      order.stop.request_stop();
  };
  ASSERT_TRUE(order.executor->quick(again));
  SystemClock clock;
  Heartbeat heartbeat(clock);
  order.executor->run(order.stop.get_token(), heartbeat);
  EXPECT_EQ(quick, 100U);
}

// Who waits for something at the start is not asked once a second: ten looks would be as many seconds.
TEST(Executor, ATickThatIsNotSettledComesAgainSoon) {
  Order order;
  int looks = 0;
  order.executor->set_tick([&] {
    if (++looks == 10) order.stop.request_stop();
    return false;
  });
  SystemClock clock;
  Heartbeat heartbeat(clock);
  const auto begin = clock.now();
  order.executor->run(order.stop.get_token(), heartbeat);
  EXPECT_LT(clock.now() - begin, std::chrono::seconds{9});
}

// What does not come for days does not keep an idle board awake.
TEST(Executor, ATickThatIsNotSettledForLongComesOnceASecond) {
  Order order;
  SystemClock clock;
  std::vector<MonotonicTime> looks;
  order.executor->set_tick(
      [&] {
        looks.push_back(clock.now());
        const auto gap =
            looks.size() > 1 ? looks.back() - looks[looks.size() - 2] : std::chrono::nanoseconds{0};
        if (gap >= std::chrono::milliseconds{900} || looks.size() == 100) order.stop.request_stop();
        return false;
      },
      std::chrono::milliseconds{200});
  Heartbeat heartbeat(clock);
  order.executor->run(order.stop.get_token(), heartbeat);
  EXPECT_GT(looks.size(), 1U);
  EXPECT_LT(looks.size(), 100U) << "it goes on in a hurry";
}

// A long job sees that it is to end.
TEST(Executor, AJobHearsOfTheStopWhileItRuns) {
  Order order;
  bool before = true, after = false;
  ASSERT_TRUE(order.executor->quick([&] {
    before = order.executor->stop_token().stop_requested();
    order.stop.request_stop();
    after = order.executor->stop_token().stop_requested();
  }));
  order.run();
  EXPECT_FALSE(before);
  EXPECT_TRUE(after);
}

}  // namespace
}  // namespace porchlight::pipeline
