// SPDX-License-Identifier: Apache-2.0
// All of it together: a whole machine, a machine of nothing, broken ones, and this one.
#include "porchlight/host/sampler.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <set>

#include "host/tree.hpp"

namespace porchlight::host {
namespace {

using namespace std::chrono_literals;

telemetry::ClosedSets one_camera() {
  telemetry::ClosedSets sets;
  sets.camera_ids = {"front"};
  return sets;
}

const std::vector<WorkerFigures> workers = {{"front", 1s, 1000, 5s}};

std::set<std::string> names_of(const telemetry::Samples& samples) {
  std::set<std::string> names;
  for (const auto& sample : samples) names.insert(std::string(sample.name));
  return names;
}

// Aborts in debug builds, counts in others, when a sample is not what the catalogue says.
void expect_publishable(telemetry::Samples samples) {
  std::set<std::pair<std::string, telemetry::Labels>> series;
  for (const auto& sample : samples) {
    EXPECT_TRUE(std::isfinite(sample.value)) << sample.name;
    EXPECT_TRUE(series.emplace(sample.name, sample.labels).second) << sample.name << " twice";
  }
  telemetry::Metrics metrics(one_camera(), telemetry::OnUnknown::fold);
  metrics.publish(std::move(samples));
  EXPECT_NE(metrics.exposition().find("\nmetrics_label_overflow_total 0\n"), std::string::npos);
}

TEST(Sampler, FillsEveryFamilyOnARaspberryPi) {
  Tree tree;
  write_raspberry_pi(tree);
  Sampler sampler({"/mnt/ssd/porchlight", tree.root()});
  sampler.sample(MonotonicTime{} + 1s, workers);
  tree.write("proc/stat",
             "cpu  41320 310 15920 2918740 5120 0 890 0 0 0\ncpu0 10400 80 4000 729900 1300 0 600 0 0 0\n");
  const auto samples = sampler.sample(MonotonicTime{} + 6s, workers);
  const std::set<std::string> every = {"container_cpu_usage_seconds_total",
                                       "container_memory_usage_bytes",
                                       "container_spec_memory_limit_bytes",
                                       "disk_io_read_bytes_total",
                                       "disk_io_write_bytes_total",
                                       "disk_space_free_bytes",
                                       "disk_space_total_bytes",
                                       "disk_space_used_bytes",
                                       "disk_space_used_percent",
                                       "ffmpeg_process_cpu_percent",
                                       "ffmpeg_process_memory_mb",
                                       "ffmpeg_process_uptime_seconds",
                                       "network_bytes_received_total",
                                       "network_bytes_sent_total",
                                       "network_connections",
                                       "network_drops_total",
                                       "network_errors_total",
                                       "system_cpu_core_usage_percent",
                                       "system_cpu_usage_percent",
                                       "system_disk_usage_percent",
                                       "system_load_average",
                                       "system_memory_available_bytes",
                                       "system_memory_total_bytes",
                                       "system_memory_usage_bytes",
                                       "system_temperature_celsius",
                                       "system_throttled"};
  EXPECT_EQ(names_of(samples), every);
  EXPECT_DOUBLE_EQ(*value_of(samples, "system_cpu_usage_percent"), 20);
  expect_publishable(samples);
}

TEST(Sampler, OfAMachineThatSaysNothingHasTheRootsSpaceAndItsSocketsOnly) {
  Tree tree;
  Sampler sampler({"/var/lib/porchlight", tree.root()});
  sampler.sample(MonotonicTime{} + 1s, {});
  const auto names = names_of(sampler.sample(MonotonicTime{} + 6s, {}));
  const std::set<std::string> left = {"disk_space_free_bytes",     "disk_space_total_bytes",
                                      "disk_space_used_bytes",     "disk_space_used_percent",
                                      "system_disk_usage_percent", "network_connections"};
  EXPECT_EQ(names, left);
}

// Cuts, doubles and overwrites pieces of a text; digits grow to absurd numbers.
std::string broken(std::string text, std::mt19937& random) {
  const auto any = [&random](std::size_t below) { return below == 0 ? 0 : random() % below; };
  for (auto times = 1 + any(4); times > 0; --times) {
    const auto at = any(text.size());
    switch (any(6)) {
      case 0:
        text.resize(at);
        break;
      case 1:
        text.insert(at, text.substr(any(text.size()), any(40)));
        break;
      case 2:
        text.erase(at, any(20));
        break;
      case 3:
        text.insert(at, "99999999999999999999");
        break;
      case 4:
        text.insert(at, std::string(1, static_cast<char>(any(256))));
        break;
      default:
        text.insert(at, at % 2 == 0 ? "-" : "\n");
    }
  }
  return text;
}

TEST(Sampler, SurvivesEveryBrokenTree) {
  std::mt19937 random(20240711);
  Tree tree;
  write_raspberry_pi(tree);
  const auto whole = tree.files();
  Sampler sampler({"/mnt/ssd/porchlight", tree.root()});
  auto now = MonotonicTime{} + 1s;
  std::map<std::string, double> highest;
  for (int round = 0; round < 600; ++round) {
    for (const auto& [name, text] : whole)
      if (random() % 3 == 0) tree.write(name, broken(text, random));
    const auto samples = sampler.sample(now += 5s, workers);
    expect_publishable(samples);
    for (const auto& sample : samples)
      if (sample.name.ends_with("_percent") && !sample.name.starts_with("ffmpeg")) {
        EXPECT_GE(sample.value, 0) << sample.name;
        EXPECT_LE(sample.value, 100) << sample.name;
      }
    if (testing::Test::HasFailure()) break;
  }
  for (const auto& [name, text] : whole) tree.write(name, text);
  sampler.sample(now += 5s, workers);
  EXPECT_TRUE(value_of(sampler.sample(now += 5s, workers), "container_memory_usage_bytes"))
      << "and goes on after it";
}

TEST(Sampler, SurvivesFilesThatVanishOneByOne) {
  Tree tree;
  write_raspberry_pi(tree);
  Sampler sampler({"/mnt/ssd/porchlight", tree.root()});
  auto now = MonotonicTime{} + 1s;
  const auto whole = tree.files();
  auto before = names_of(sampler.sample(now, workers)).size();
  for (const auto& [name, text] : whole) {
    tree.remove(name);
    const auto samples = sampler.sample(now += 5s, workers);
    expect_publishable(samples);
  }
  EXPECT_LT(names_of(sampler.sample(now += 5s, {})).size(), before);
}

// This machine, whatever it is.
TEST(Sampler, ReadsTheMachineItRunsOn) {
  Sampler sampler({std::filesystem::temp_directory_path()});
  const auto samples = sampler.sample(MonotonicTime{} + 1s, workers);
  for (const char* name : {"system_memory_total_bytes", "system_memory_usage_bytes", "disk_space_total_bytes",
                           "network_connections"})
    EXPECT_GT(series_of(samples, name), 0u) << name;
  EXPECT_EQ(series_of(samples, "system_load_average"), 3u);
  expect_publishable(samples);
}

}  // namespace
}  // namespace porchlight::host
