// SPDX-License-Identifier: Apache-2.0
#include "host/processors.hpp"

#include <gtest/gtest.h>

#include "host/tree.hpp"

namespace porchlight::host {
namespace {

std::string stat_of(const std::string& all, const std::string& first, const std::string& second = "") {
  return "cpu  " + all + "\ncpu0 " + first + "\n" + (second.empty() ? "" : "cpu1 " + second + "\n");
}

class ProcessorsTest : public testing::Test {
 protected:
  telemetry::Samples after(const std::string& stat) {
    tree.write("proc/stat", stat);
    telemetry::Samples samples;
    processors.sample(tree.root(), samples);
    return samples;
  }

  Tree tree;
  Processors processors;
};

TEST_F(ProcessorsTest, SaysNothingBeforeTheSecondSample) {
  EXPECT_TRUE(after(stat_of("100 0 0 100 0 0 0 0 0 0", "100 0 0 100 0 0 0 0 0 0")).empty());
}

// Each column on its own side: user nice system | idle iowait | irq softirq steal; guests are in user
// already.
TEST_F(ProcessorsTest, CountsWhatWasNotIdle) {
  after(stat_of("1000 100 200 5000 300 10 20 30 40 50", "0 0 0 0 0 0 0 0 0 0", "0 0 0 0 0 0 0 0 0 0"));
  const auto samples = after(
      stat_of("1010 105 203 5160 315 11 22 34 999 999", "30 0 0 70 0 0 0 0 0 0", "0 0 0 60 40 0 0 0 0 0"));
  EXPECT_DOUBLE_EQ(*value_of(samples, "system_cpu_usage_percent"), 100.0 * 25 / 200);
  EXPECT_DOUBLE_EQ(*value_of(samples, "system_cpu_core_usage_percent", {{"cpu", "0"}}), 30);
  EXPECT_DOUBLE_EQ(*value_of(samples, "system_cpu_core_usage_percent", {{"cpu", "1"}}), 0)
      << "it waits for a disk";
}

TEST_F(ProcessorsTest, ACoreThatIsSwitchedOffGoesAndOneThatComesBeginsAnew) {
  after(stat_of("0 0 0 0", "0 0 0 0", "0 0 0 0"));
  auto samples = after(stat_of("10 0 0 10", "10 0 0 10"));
  EXPECT_EQ(series_of(samples, "system_cpu_core_usage_percent"), 1u);
  samples = after(stat_of("20 0 0 20", "20 0 0 20", "9 0 0 1"));
  EXPECT_FALSE(value_of(samples, "system_cpu_core_usage_percent", {{"cpu", "1"}}));
  samples = after(stat_of("30 0 0 30", "30 0 0 30", "10 0 0 4"));
  EXPECT_DOUBLE_EQ(*value_of(samples, "system_cpu_core_usage_percent", {{"cpu", "1"}}), 25);
}

TEST_F(ProcessorsTest, TicksThatGoBackAreNoUse) {
  after(stat_of("1000 0 0 1000 500 0 0 0", "1 0 0 1"));
  // iowait fell by 100, idle rose by 50, user by 30.
  const auto samples = after(stat_of("1030 0 0 1050 400 0 0 0", "1 0 0 1"));
  EXPECT_DOUBLE_EQ(*value_of(samples, "system_cpu_usage_percent"), 100);
  EXPECT_FALSE(value_of(samples, "system_cpu_core_usage_percent", {{"cpu", "0"}})) << "no tick has passed";
}

TEST(ProcessorTicks, OfAnOldKernelHaveFewerColumns) {
  const auto ticks = ticks_in("cpu  1 2 3 4\n");
  EXPECT_EQ(ticks.at("").busy, 6u);
  EXPECT_EQ(ticks.at("").idle, 4u);
}

TEST(ProcessorTicks, LinesThatAreNoneAreLeftOut) {
  const auto ticks = ticks_in(
      "cpu\ncpux 1 2 3 4\ncpu0 1 2 3\ncpu1 1 2 three 4\ncpu2 1 2 3 99999999999999999999999\ncpu3 -1 2 3 4\n"
      "cpufreq 1 2 3 4\ncpu4 1 2 3 4");
  EXPECT_EQ(ticks.size(), 1u);
  EXPECT_EQ(ticks.count("4"), 1u);
}

TEST(ProcessorTicks, NobodyHasAThousandCores) {
  std::string stat;
  for (int core = 0; core < 5000; ++core) stat += "cpu" + std::to_string(core) + " 1 2 3 4\n";
  EXPECT_LT(ticks_in(stat).size(), 1000u);
}

}  // namespace
}  // namespace porchlight::host
