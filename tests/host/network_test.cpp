// SPDX-License-Identifier: Apache-2.0
#include "host/network.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "host/tree.hpp"

namespace porchlight::host {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class NetworkTest : public testing::Test {
 protected:
  telemetry::Samples sample() {
    telemetry::Samples samples;
    network.sample(tree.root(), samples);
    return samples;
  }
  void traffic(const std::string& line) { tree.write("proc/self/net/dev", "head |\nhead |\n" + line + "\n"); }

  Tree tree;
  Network network;
};

TEST_F(NetworkTest, CountsBothWaysOfEachPhysicalInterface) {
  write_raspberry_pi(tree);
  const auto samples = sample();
  const telemetry::Labels eth{{"interface", "eth0"}};
  EXPECT_EQ(value_of(samples, "network_bytes_received_total", eth), 123456789);
  EXPECT_EQ(value_of(samples, "network_bytes_sent_total", eth), 987654321);
  EXPECT_EQ(value_of(samples, "network_errors_total", eth), 3 + 4);
  EXPECT_EQ(value_of(samples, "network_drops_total", eth), 7 + 8);
  EXPECT_EQ(value_of(samples, "network_bytes_sent_total", {{"interface", "wlan0"}}), 0) << "a real zero";
  EXPECT_EQ(series_of(samples, "network_drops_total"), 2u) << "no loopback, bridge or container's end";
}

TEST_F(NetworkTest, AMachineWithLoopbackOnlyHasNone) {
  tree.make_folder("sys/class/net/lo");
  traffic("lo: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16");
  EXPECT_THAT(sample(), IsEmpty());
}

TEST_F(NetworkTest, ACounterThatWrapsGoesOn) {
  const telemetry::Labels eth{{"interface", "eth0"}};
  tree.make_folder("sys/class/net/eth0/device");
  traffic("eth0: 4294967295 0 0 0 0 0 0 0 1 0 0 0 0 0 0 0");
  sample();
  traffic("eth0: 99 0 0 0 0 0 0 0 2 0 0 0 0 0 0 0");
  const auto samples = sample();
  EXPECT_EQ(value_of(samples, "network_bytes_received_total", eth), 4294967295.0 + 99);
  EXPECT_EQ(value_of(samples, "network_bytes_sent_total", eth), 2);
}

TEST_F(NetworkTest, AnInterfaceThatIsPulledOutTakesItsSeriesAlong) {
  const telemetry::Labels eth{{"interface", "eth0"}};
  tree.make_folder("sys/class/net/eth0/device");
  traffic("eth0: 1000 0 0 0 0 0 0 0 1000 0 0 0 0 0 0 0");
  sample();
  tree.remove("sys/class/net/eth0");
  EXPECT_THAT(sample(), IsEmpty());
  tree.make_folder("sys/class/net/eth0/device");
  traffic("eth0: 5 0 0 0 0 0 0 0 6 0 0 0 0 0 0 0");
  EXPECT_EQ(value_of(sample(), "network_bytes_received_total", eth), 5);
}

TEST_F(NetworkTest, ShowsEightAtMostInTheOrderOfTheirNumbers) {
  for (int i = 0; i < 12; ++i) tree.make_folder("sys/class/net/eth" + std::to_string(i) + "/device");
  EXPECT_THAT(physical_interfaces(tree.root()),
              ElementsAre("eth0", "eth1", "eth2", "eth3", "eth4", "eth5", "eth6", "eth7"));
}

TEST(Traffic, OfALineThatIsNoneIsLeftOut) {
  for (const char* line :
       {"", "eth0", "eth0:", "eth0: 1 2 3 4 5 6 7 8 9 10 11", "eth0: 1 2 x 4 5 6 7 8 9 10 11 12",
        "eth0: -1 2 3 4 5 6 7 8 9 10 11 12", "eth0: 99999999999999999999 2 3 4 5 6 7 8 9 10 11 12",
        "eth0: 1 2 18446744073709551615 4 5 6 7 8 9 10 1 12"})
    EXPECT_THAT(traffic_in(line), IsEmpty()) << line;
  EXPECT_EQ(traffic_in("eth0:1 2 3 4 5 6 7 8 9 10 11 12").at("eth0").errors, 14u)
      << "old kernels leave no blank";
}

}  // namespace
}  // namespace porchlight::host
