// SPDX-License-Identifier: Apache-2.0
// celery_queue_length: the name that dashboards know, for the work that waits for the house's own threads.
#include <gmock/gmock.h>

#include <future>

#include "base/temporary_folder.hpp"
#include "porchlight/pipeline/pipeline.hpp"

namespace porchlight::pipeline {
namespace {

using namespace std::chrono_literals;

class WaitingWork : public testing::Test {
 protected:
  void SetUp() override {
    auto made = Pipeline::create(options(), clock_, metrics_, health_, supervisor_);
    ASSERT_TRUE(made) << made.error().text();
    pipeline = std::move(*made);
    pipeline->start();
  }
  void TearDown() override { supervisor_.stop(10s); }

  Options options() const {
    Options wanted;
    wanted.folder = folder_.path();
    wanted.faces.enabled = false;
    return wanted;
  }
  telemetry::ClosedSets sets() const {
    telemetry::ClosedSets closed;
    closed.workers = Pipeline::workers_of(options());
    return closed;
  }
  double waiting(const char* queue) {
    pipeline->sample();
    return metrics_.gauge("celery_queue_length", {{"queue", queue}}).value();
  }
  void expect_soon(const char* queue, double jobs) {
    const auto give_up = clock_.now() + 60s;
    while (waiting(queue) != jobs && clock_.now() < give_up) std::this_thread::yield();
    EXPECT_EQ(waiting(queue), jobs) << queue;
  }

  TemporaryFolder folder_;
  SystemClock clock_;
  telemetry::Metrics metrics_{sets()};
  telemetry::Health health_{clock_};
  Supervisor supervisor_{clock_, metrics_};
  std::unique_ptr<Pipeline> pipeline;
};

// What an executor holds back while it is at work, in its queue of the metrics.
TEST_F(WaitingWork, IsCountedByTheQueueItWaitsIn) {
  struct Place {
    Executor& executor;
    const char* queue;
  };
  for (const auto& [executor, queue] :
       {Place{pipeline->clips(), "export"}, Place{pipeline->library(), "default"}}) {
    std::promise<void> begun, go_on;
    ASSERT_TRUE(executor.slow([&] {
      begun.set_value();
      go_on.get_future().wait();
    }));
    begun.get_future().wait();
    ASSERT_TRUE(executor.slow([] {}));
    ASSERT_TRUE(executor.quick([] {}));
    EXPECT_EQ(waiting(queue), 2) << queue;
    go_on.set_value();
    expect_soon(queue, 0);
  }
}

TEST_F(WaitingWork, HasNoSeriesForWhatNobodyDoes) {
  pipeline->sample();
  const auto text = metrics_.exposition();
  EXPECT_THAT(text, testing::HasSubstr("celery_queue_length{queue=\"retention\"}"));
  EXPECT_THAT(text, testing::Not(testing::HasSubstr("celery_queue_length{queue=\"upload\"}")));
}

}  // namespace
}  // namespace porchlight::pipeline
