// SPDX-License-Identifier: Apache-2.0
#include "host/memory.hpp"

#include <gtest/gtest.h>

#include "host/tree.hpp"

namespace porchlight::host {
namespace {

telemetry::Samples memory_of(const std::string& meminfo) {
  Tree tree;
  tree.write("proc/meminfo", meminfo);
  telemetry::Samples samples;
  sample_memory(tree.root(), samples);
  return samples;
}

telemetry::Samples load_of(const std::string& loadavg) {
  Tree tree;
  tree.write("proc/loadavg", loadavg);
  telemetry::Samples samples;
  sample_load(tree.root(), samples);
  return samples;
}

TEST(Memory, IsInBytesAndWhatIsNotAvailableIsUsed) {
  const auto samples =
      memory_of("MemTotal:   1000 kB\nMemFree:  1 kB\nMemAvailable:    400 kB\nSwapTotal: 7 kB\n");
  EXPECT_EQ(*value_of(samples, "system_memory_total_bytes"), 1000 * 1024);
  EXPECT_EQ(*value_of(samples, "system_memory_available_bytes"), 400 * 1024);
  EXPECT_EQ(*value_of(samples, "system_memory_usage_bytes"), 600 * 1024);
}

TEST(Memory, WithoutOneOfTheTwoHasNoUse) {
  EXPECT_EQ(memory_of("MemTotal: 1000 kB\n").size(), 1u);
  EXPECT_EQ(memory_of("MemAvailable: 1000 kB\n").size(), 1u);
  EXPECT_FALSE(value_of(memory_of("MemTotal: 10 kB\nMemAvailable: 11 kB\n"), "system_memory_usage_bytes"));
}

TEST(Memory, ThatIsNoNumberIsAbsent) {
  for (const char* text :
       {"", "MemTotal:", "MemTotal: kB\n", "MemTotal: 12\n", "MemTotal: 12 MB\n", "MemTotal: -5 kB\n",
        "MemTotal: 99999999999999999999999 kB\n", "MemTotal: 1 2 kB\n", "MemTotalX: 5 kB\n"})
    EXPECT_TRUE(memory_of(text).empty()) << text;
}

TEST(Load, HasThreeWindows) {
  const auto samples = load_of("0.52 1.00 123.25 1/213 4321\n");
  EXPECT_EQ(*value_of(samples, "system_load_average", {{"window", "1m"}}), 0.52);
  EXPECT_EQ(*value_of(samples, "system_load_average", {{"window", "5m"}}), 1);
  EXPECT_EQ(*value_of(samples, "system_load_average", {{"window", "15m"}}), 123.25);
}

TEST(Load, ThatIsNoNumberIsAbsent) {
  EXPECT_EQ(load_of("0.5").size(), 1u);
  for (const char* text : {"", "\n", "nan inf -1.0\n", "0,5 0x1 1e999999\n"})
    EXPECT_TRUE(load_of(text).empty()) << text;
}

}  // namespace
}  // namespace porchlight::host
