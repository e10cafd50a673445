// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "base/temporary_folder.hpp"
#include "porchlight/pipeline/pipeline.hpp"

namespace porchlight::pipeline {
namespace {

using namespace std::chrono_literals;

class AuditPort : public testing::Test {
 protected:
  void SetUp() override {
    auto made = Pipeline::create(options(), clock_, metrics_, health_, supervisor_);
    ASSERT_TRUE(made) << made.error().text();
    pipeline = std::move(*made);
  }
  void TearDown() override { supervisor_.stop(5s); }

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
  static store::AuditEntry login() { return {store::Authentication{true, "password"}, {}, {}}; }
  double failures() { return metrics_.counter("audit_log_write_failures_total").value(); }
  std::ptrdiff_t logins_written() const {
    std::ifstream log(folder_.path() / "audit" / "audit.jsonl");
    const std::string text{std::istreambuf_iterator<char>(log), {}};
    std::ptrdiff_t count = 0;
    for (auto at = text.find("\"authentication\""); at != std::string::npos;
         at = text.find("\"authentication\"", at + 1))
      ++count;
    return count;
  }

  TemporaryFolder folder_;
  SystemClock clock_;
  telemetry::Metrics metrics_{sets()};
  telemetry::Health health_{clock_};
  Supervisor supervisor_{clock_, metrics_};
  std::unique_ptr<Pipeline> pipeline;
};

TEST_F(AuditPort, NotesAreBoundedAndMakeRoomAgainWhenTheyAreWritten) {
  for (int i = 0; i < 256; ++i) ASSERT_TRUE(pipeline->note(login())) << i;
  const auto refused = pipeline->note(login());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), ErrorCode::resource);
  EXPECT_EQ(failures(), 1);
  pipeline->start();
  ASSERT_TRUE(pipeline->record(login()));  // behind them in the queue
  EXPECT_EQ(logins_written(), 257);
  EXPECT_TRUE(pipeline->note(login()));
  EXPECT_EQ(failures(), 1);
}

TEST_F(AuditPort, NothingWaitsForALaneThatHasEnded) {
  pipeline->start();
  ASSERT_TRUE(pipeline->record(login()));
  ASSERT_TRUE(supervisor_.stop(5s));
  const auto before = clock_.now();
  EXPECT_EQ(pipeline->record(login()).error().code(), ErrorCode::unavailable);
  EXPECT_LT(clock_.now() - before, 2s);
  EXPECT_EQ(pipeline->note(login()).error().code(), ErrorCode::unavailable);
  EXPECT_EQ(failures(), 1);
  EXPECT_EQ(logins_written(), 1);
}

}  // namespace
}  // namespace porchlight::pipeline
