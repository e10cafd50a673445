// SPDX-License-Identifier: Apache-2.0
// The health check's film on its way through the real lanes.
#include <gmock/gmock.h>

#include <future>
#include <thread>

#include "base/temporary_folder.hpp"
#include "porchlight/pipeline/pipeline.hpp"
#include "porchlight/store/database.hpp"
#include "porchlight/store/event_log.hpp"

namespace porchlight::pipeline {
namespace {

using namespace std::chrono_literals;

class PathProofTest : public testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::create_directories(options().recording.folder);
    auto made = Pipeline::create(options(), clock_, metrics_, health_, supervisor_);
    ASSERT_TRUE(made) << made.error().text();
    pipeline = std::move(*made);
  }
  void TearDown() override { supervisor_.stop(10s); }

  Options options() const {
    Options wanted;
    wanted.folder = folder_.path();
    wanted.faces.enabled = false;
    // Of a volume that is missing or full there would be an event.
    wanted.recording.folder = folder_.path() / "recordings";
    wanted.recording.space = {0, 1};
    wanted.recording.reserve = record::Share{1 << 20, 0};
    return wanted;
  }
  telemetry::ClosedSets sets() const {
    telemetry::ClosedSets closed;
    closed.workers = Pipeline::workers_of(options());
    return closed;
  }
  // Asked on the health thread, as the daemon does. Nothing: no answer within a minute.
  std::optional<Result<PathProof>> prove() {
    auto said = std::make_shared<std::promise<Result<PathProof>>>();
    auto answer = said->get_future();
    EXPECT_TRUE(pipeline->health().quick([this, said] {
      pipeline->prove_path([said](Result<PathProof> proof) { said->set_value(std::move(proof)); });
    }));
    if (answer.wait_for(60s) != std::future_status::ready) return std::nullopt;
    return answer.get();
  }
  void start() {
    pipeline->start();
    const auto give_up = clock_.now() + 60s;
    while (!health_.database_connected && clock_.now() < give_up) std::this_thread::yield();
    ASSERT_TRUE(health_.database_connected);
  }

  TemporaryFolder folder_;
  SystemClock clock_;
  telemetry::Metrics metrics_{sets()};
  telemetry::Health health_{clock_};
  Supervisor supervisor_{clock_, metrics_};
  std::unique_ptr<Pipeline> pipeline;
};

TEST_F(PathProofTest, TheFilmComesThroughAndLeavesNothing) {
  ASSERT_NO_FATAL_FAILURE(start());
  const auto proof = prove();
  ASSERT_TRUE(proof) << "no answer";
  ASSERT_TRUE(*proof) << proof->error().text();
  EXPECT_GT((*proof)->pictures, 0U);
  EXPECT_FALSE((*proof)->recorded) << "no camera is recorded";
  EXPECT_EQ((*proof)->suppressed, 0U) << "there is no channel";
  EXPECT_EQ(metrics_.sum("pipeline_events_total").value, 0);
  EXPECT_EQ(metrics_.sum("ai_jobs_enqueued_total").value, 0);
  const auto database =
      store::Database::open(folder_.path() / "porchlight.db", {.mode = store::OpenMode::read_only}, nullptr);
  ASSERT_TRUE(database) << database.error().text();
  EXPECT_EQ(*store::EventLog(**database).count(), 0U);
}

// The store lane cannot open what is a folder, and holds the house's events in memory meanwhile.
TEST_F(PathProofTest, WithoutAnEventLogItDoesNotComeThrough) {
  std::filesystem::create_directories(folder_.path() / "porchlight.db");
  pipeline->start();
  const auto proof = prove();
  ASSERT_TRUE(proof) << "no answer";
  ASSERT_FALSE(*proof);
  EXPECT_EQ(proof->error().code(), ErrorCode::unavailable);
}

}  // namespace
}  // namespace porchlight::pipeline
