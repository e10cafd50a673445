// SPDX-License-Identifier: Apache-2.0
#include "host/control_group.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "host/tree.hpp"

namespace porchlight::host {
namespace {

constexpr const char* own = "sys/fs/cgroup/system.slice/porchlight.service/";

class ControlGroupTest : public testing::Test {
 protected:
  void SetUp() override { write_raspberry_pi(tree); }
  telemetry::Samples sample() {
    telemetry::Samples samples;
    group.sample(tree.root(), Mounts::read(tree.root()), 4e9, samples);
    return samples;
  }

  Tree tree;
  ControlGroup group;
};

TEST_F(ControlGroupTest, IsTheServicesOwn) {
  const auto samples = sample();
  EXPECT_EQ(value_of(samples, "container_memory_usage_bytes"), 73400320);
  EXPECT_EQ(value_of(samples, "container_spec_memory_limit_bytes"), 2983176192);
  EXPECT_EQ(value_of(samples, "container_cpu_usage_seconds_total"), 12.345678);
}

TEST_F(ControlGroupTest, WithoutALimitHasAllMemory) {
  tree.write(own + std::string("memory.max"), "max\n");
  EXPECT_EQ(value_of(sample(), "container_spec_memory_limit_bytes"), 4e9);
}

TEST_F(ControlGroupTest, WithoutTheMemoryControllerHasItsProcessorTimeOnly) {
  tree.remove(own + std::string("memory.current"));
  tree.remove(own + std::string("memory.max"));
  const auto samples = sample();
  ASSERT_EQ(samples.size(), 1u);
  EXPECT_EQ(samples[0].name, "container_cpu_usage_seconds_total");
}

TEST_F(ControlGroupTest, ProcessorTimeNeverFalls) {
  sample();
  tree.write(own + std::string("cpu.stat"), "usage_usec 1000000\n");
  EXPECT_EQ(value_of(sample(), "container_cpu_usage_seconds_total"), 13.345678);
}

TEST_F(ControlGroupTest, OfVersionOneOrMixedIsAbsent) {
  tree.write("proc/self/cgroup",
             "4:memory:/system.slice/porchlight.service\n1:name=systemd:/system.slice/porchlight.service\n");
  EXPECT_THAT(sample(), testing::IsEmpty());
  tree.write(
      "proc/self/cgroup",
      "4:memory:/system.slice/porchlight.service\n1:name=systemd:/x\n0::/system.slice/porchlight.service\n");
  EXPECT_THAT(sample(), testing::IsEmpty());
}

TEST_F(ControlGroupTest, ThatIsTheWholeMachineIsAbsent) {
  tree.write("proc/self/cgroup", "0::/\n");
  tree.write("sys/fs/cgroup/cpu.stat", "usage_usec 99\n");
  EXPECT_THAT(sample(), testing::IsEmpty());
}

// With a cgroup namespace the container's own group is "/", and unlike the machine's it has a type.
TEST_F(ControlGroupTest, OfAContainerIsWhatItSeesAtTheTop) {
  tree.write("proc/self/cgroup", "0::/\n");
  tree.write("sys/fs/cgroup/cgroup.type", "domain\n");
  tree.write("sys/fs/cgroup/memory.current", "4096\n");
  EXPECT_EQ(value_of(sample(), "container_memory_usage_bytes"), 4096);
}

TEST_F(ControlGroupTest, IsFoundBelowAMountedPart) {
  tree.write("proc/self/mountinfo",
             "28 21 0:25 /system.slice /sys/fs/cgroup/system.slice rw - cgroup2 cgroup2 rw\n");
  EXPECT_TRUE(value_of(sample(), "container_memory_usage_bytes"));
  tree.write("proc/self/mountinfo",
             "28 21 0:25 /system.sl /sys/fs/cgroup/system.slice rw - cgroup2 cgroup2 rw\n");
  EXPECT_THAT(sample(), testing::IsEmpty()) << "another group whose name begins alike";
}

TEST_F(ControlGroupTest, OutsideOfWhatIsSeenIsAbsent) {
  for (const char* text :
       {"", "0::\n", "0::relative\n", "0::/../porchlight.service\n", "0::/no/such\n", "nonsense"}) {
    tree.write("proc/self/cgroup", text);
    EXPECT_THAT(sample(), testing::IsEmpty()) << text;
  }
}

TEST_F(ControlGroupTest, NumbersThatAreNoneAreAbsent) {
  for (const char* text :
       {"", "\n", "-1\n", "12 13\n", "99999999999999999999999\n", "usage_usec\n", "usage_usec x\n"}) {
    for (const char* name : {"memory.current", "memory.max", "cpu.stat"})
      tree.write(own + std::string(name), text);
    EXPECT_THAT(sample(), testing::IsEmpty()) << text;
  }
  tree.write(own + std::string("memory.max"), "0\n");
  EXPECT_THAT(sample(), testing::IsEmpty()) << "a limit of nothing would divide by it";
}

}  // namespace
}  // namespace porchlight::host
