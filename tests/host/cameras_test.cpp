// SPDX-License-Identifier: Apache-2.0
#include "host/cameras.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include "host/tree.hpp"

namespace porchlight::host {
namespace {

using namespace std::chrono_literals;

class CamerasTest : public testing::Test {
 protected:
  telemetry::Samples after(std::chrono::seconds at, const std::vector<WorkerFigures>& workers) {
    telemetry::Samples samples;
    cameras.sample(MonotonicTime{} + at, tree.root(), workers, samples);
    return samples;
  }
  static std::optional<double> percent(const telemetry::Samples& samples) {
    return value_of(samples, "ffmpeg_process_cpu_percent", {{"camera_id", "front"}});
  }

  // A program that this process has started.
  void run_program(int pid, int ticks, int pages) {
    tree.write("proc/" + std::to_string(pid) + "/stat", stat_of(pid, ::getpid(), pid, ticks, pages));
  }

  Tree tree;
  Cameras cameras;
};

TEST_F(CamerasTest, ShowTheirShareOfACoreSinceTheSampleBefore) {
  EXPECT_EQ(percent(after(100s, {{"front", 3s, 0, {}}})), std::nullopt);
  EXPECT_DOUBLE_EQ(*percent(after(105s, {{"front", 4s, 0, {}}})), 20);
  EXPECT_DOUBLE_EQ(*percent(after(107s, {{"front", 7s, 0, {}}})), 150) << "two threads, two cores";
  EXPECT_EQ(percent(after(107s, {{"front", 8s, 0, {}}})), std::nullopt) << "no time has passed";
}

TEST_F(CamerasTest, WorkersMadeAnewBeginWithNothing) {
  after(100s, {{"front", 50s, 0, {}}});
  EXPECT_DOUBLE_EQ(*percent(after(105s, {{"front", 500ms, 0, {}}})), 10);
}

TEST_F(CamerasTest, OneThatWentAndCameHasNoPast) {
  after(100s, {{"front", 50s, 0, {}}});
  EXPECT_TRUE(after(105s, {}).empty());
  EXPECT_EQ(percent(after(110s, {{"front", 60s, 0, {}}})), std::nullopt);
}

TEST_F(CamerasTest, AProgramTheyRunIsCountedWithThemFromItsOwnBeginning) {
  const auto tick = 1.0 / static_cast<double>(::sysconf(_SC_CLK_TCK));
  const auto page = static_cast<double>(::sysconf(_SC_PAGESIZE));
  run_program(77, 400, 1000);
  after(100s, {{"front", 1s, 0, {}, 77}});
  run_program(77, 450, 1000);
  auto samples = after(105s, {{"front", 2s, 500, {}, 77}});
  EXPECT_DOUBLE_EQ(*percent(samples), 100 * (1 + 50 * tick) / 5);
  EXPECT_DOUBLE_EQ(*value_of(samples, "ffmpeg_process_memory_mb", {{"camera_id", "front"}}),
                   (500 + 1000 * page) / 1e6);
  run_program(78, 30, 10);
  samples = after(110s, {{"front", 2s, 0, {}, 78}});
  EXPECT_DOUBLE_EQ(*percent(samples), 100 * 30 * tick / 5) << "the next one";
  samples = after(115s, {{"front", 2s, 0, {}, {}}});
  EXPECT_EQ(percent(samples), 0) << "none";
}

TEST_F(CamerasTest, MemoryIsInMillionsAndUptimeInSeconds) {
  const auto samples = after(1s, {{"front", 0s, 2'500'000, 90500ms}, {"back", 0s, 0, {}}});
  EXPECT_EQ(value_of(samples, "ffmpeg_process_memory_mb", {{"camera_id", "front"}}), 2.5);
  EXPECT_EQ(value_of(samples, "ffmpeg_process_memory_mb", {{"camera_id", "back"}}), 0);
  EXPECT_EQ(value_of(samples, "ffmpeg_process_uptime_seconds", {{"camera_id", "front"}}), 90.5);
  EXPECT_EQ(value_of(samples, "ffmpeg_process_uptime_seconds", {{"camera_id", "back"}}), std::nullopt);
}

}  // namespace
}  // namespace porchlight::host
