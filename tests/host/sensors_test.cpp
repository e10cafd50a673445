// SPDX-License-Identifier: Apache-2.0
#include "host/sensors.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "host/tree.hpp"

namespace porchlight::host {
namespace {

telemetry::Samples temperatures_of(const Tree& tree) {
  telemetry::Samples samples;
  sample_temperatures(tree.root(), samples);
  return samples;
}

void add_zone(Tree& tree, int number, const std::string& type, const std::string& temp) {
  const auto zone = "sys/class/thermal/thermal_zone" + std::to_string(number);
  tree.write(zone + "/type", type);
  tree.write(zone + "/temp", temp);
}

telemetry::Labels sensor(const char* name) {
  return {{"sensor", name}};
}

TEST(Temperatures, AreThoseOfTheKernelsZones) {
  Tree tree;
  add_zone(tree, 0, "cpu-thermal\n", "48312\n");
  add_zone(tree, 2, "acpitz\n", "-5000\n");
  add_zone(tree, 10, "acpitz\n", "31000\n");
  tree.make_folder("sys/class/thermal/cooling_device0");
  const auto samples = temperatures_of(tree);
  EXPECT_EQ(samples.size(), 3u);
  EXPECT_EQ(value_of(samples, "system_temperature_celsius", sensor("cpu-thermal")), 48.312);
  EXPECT_EQ(value_of(samples, "system_temperature_celsius", sensor("acpitz")), -5);
  EXPECT_EQ(value_of(samples, "system_temperature_celsius", sensor("acpitz-10")), 31);
}

TEST(Temperatures, ThatAreNoneAreAbsent) {
  EXPECT_EQ(temperature_in("25500\n"), 25.5);
  for (const char* text :
       {"", "\n", "warm\n", "25500x\n", "-274000\n", "2147483647\n", "99999999999999999999999\n"})
    EXPECT_FALSE(temperature_in(text)) << text;
}

TEST(Temperatures, AZoneThatCannotBeReadKeepsItsPlace) {
  Tree tree;
  add_zone(tree, 0, "acpitz", "");
  add_zone(tree, 1, "acpitz", "20000");
  const auto samples = temperatures_of(tree);
  ASSERT_EQ(samples.size(), 1u);
  EXPECT_TRUE(value_of(samples, "system_temperature_celsius", sensor("acpitz-1")));
}

TEST(Temperatures, ShowEightSensorsAtMostWithHarmlessNames) {
  Tree tree;
  for (int i = 0; i < 20; ++i) add_zone(tree, i, "no\xff\"me " + std::to_string(i), "20000");
  const auto samples = temperatures_of(tree);
  EXPECT_EQ(samples.size(), 8u);
  EXPECT_TRUE(value_of(samples, "system_temperature_celsius", sensor("no_\"me_7")));
}

class FirmwareTest : public testing::Test {
 protected:
  telemetry::Samples sample() {
    telemetry::Samples samples;
    firmware.sample(tree.root(), samples);
    return samples;
  }
  void say(const std::string& word) {
    tree.write("sys/devices/platform/soc/soc:firmware/get_throttled", word);
  }

  Tree tree;
  Firmware firmware;
};

TEST_F(FirmwareTest, OnlyWhatIsNowCounts) {
  const std::pair<const char*, const char*> bits[] = {{"50001\n", "under_voltage"},
                                                      {"2\n", "frequency_capped"},
                                                      {"0x4\n", "throttled"},
                                                      {"8\n", "soft_temp_limit"}};
  for (const auto& [word, set] : bits) {
    say(word);
    const auto samples = sample();
    EXPECT_EQ(samples.size(), 4u);
    for (const auto& sample : samples)
      EXPECT_EQ(sample.value, sample.labels.at("reason") == set ? 1 : 0)
          << word << sample.labels.at("reason");
  }
  say("f0000\n");
  for (const auto& sample : sample()) EXPECT_EQ(sample.value, 0) << "that was once, since the start";
}

TEST_F(FirmwareTest, IsFoundOnABusWithAnAddress) {
  tree.write("sys/devices/platform/soc@107c000000/soc@107c000000:firmware/get_throttled", "0\n");
  EXPECT_EQ(sample().size(), 4u);
}

TEST_F(FirmwareTest, OfAnotherMachineSaysNothing) {
  tree.make_folder("sys/devices/platform/soc");
  EXPECT_THAT(sample(), testing::IsEmpty());
}

TEST_F(FirmwareTest, WhatIsNoWordIsNothing) {
  for (const char* word : {"", "\n", "0x\n", "throttled\n", "-1\n", "11112222333344445\n"}) {
    say(word);
    EXPECT_THAT(sample(), testing::IsEmpty()) << word;
  }
}

}  // namespace
}  // namespace porchlight::host
