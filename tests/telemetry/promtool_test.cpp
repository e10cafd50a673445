// SPDX-License-Identifier: Apache-2.0
// What Prometheus' own tool says to the exposition. The names it complains about are kept letter by letter
// from the documents this contract comes from.
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <set>
#include <sstream>
#include <string>

#include "telemetry/sample_sets.hpp"

namespace porchlight::telemetry {
namespace {

struct Outcome {
  int code;
  std::string output;
};

Outcome promtool(const std::string& exposition) {
  const std::string file = testing::TempDir() + "porchlight-exposition-" + std::to_string(::getpid());
  std::ofstream(file) << exposition;
  FILE* pipe = ::popen(("promtool check metrics < '" + file + "' 2>&1").c_str(), "r");
  std::string output;
  char part[4096];
  for (std::size_t got = 0; (got = std::fread(part, 1, sizeof part, pipe)) > 0;) output.append(part, got);
  const int code = ::pclose(pipe);
  std::remove(file.c_str());
  return {code, output};
}

class Promtool : public testing::Test {
 protected:
  void SetUp() override {
    if (std::system("command -v promtool > /dev/null 2>&1") != 0) {
      GTEST_SKIP() << "promtool is not installed (Debian package prometheus)";
    }
  }
};

TEST_F(Promtool, AcceptsTheExposition) {
  auto sets = sample_sets();
  sets.devices.clear();
  Metrics metrics(sets);
  metrics.gauge("camera_last_frame_timestamp", {{"camera_id", "front"}}).set(1.7e9);
  const auto outcome = promtool(metrics.exposition());
  EXPECT_EQ(outcome.output, "");
  EXPECT_EQ(outcome.code, 0);
}

// The names that the documents ask for although they break the convention; nothing else.
TEST_F(Promtool, ComplainsOfTheSevenNamesOfTheDocumentsOnly) {
  Metrics metrics(sample_sets());
  metrics.publish(sample_samples());
  metrics.gauge("active_connections_total").set(1);
  metrics.gauge("active_streams_total").set(1);
  metrics.gauge("ai_jobs_queued_total", {{"job_type", "face"}}).set(1);
  metrics.gauge("stream_latency_ms", {{"camera_id", "front"}, {"protocol", "mse"}}).set(40);
  metrics.gauge("stream_viewers_count", {{"camera_id", "front"}}).set(1);
  const auto outcome = promtool(metrics.exposition());
  std::set<std::string> names;
  std::istringstream lines(outcome.output);
  for (std::string line; std::getline(lines, line);) names.insert(line.substr(0, line.find(' ')));
  EXPECT_EQ(names, (std::set<std::string>{"active_connections_total", "active_streams_total",
                                          "ai_jobs_queued_total", "disk_io_latency_ms",
                                          "ffmpeg_process_memory_mb", "stream_latency_ms",
                                          "stream_viewers_count"}))
      << outcome.output;
}

TEST_F(Promtool, WouldRefuseABrokenOne) {
  EXPECT_NE(promtool("# TYPE a counter\na{b=} 1\n").code, 0);
  EXPECT_NE(promtool("# HELP a_total x\n# TYPE a_total gauge\na_total 1\n").output, "");
}

}  // namespace
}  // namespace porchlight::telemetry
