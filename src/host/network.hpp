// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "host/kernel_counters.hpp"
#include "porchlight/telemetry/metrics.hpp"

namespace porchlight::host {

struct Traffic {
  std::uint64_t received_bytes = 0;
  std::uint64_t sent_bytes = 0;
  std::uint64_t errors = 0;  // both ways
  std::uint64_t drops = 0;
};
// /proc/net/dev by interface. Lines that are none, or whose sums do not fit, are left out.
std::map<std::string, Traffic, std::less<>> traffic_in(std::string_view net_dev);

// Interfaces with a device behind them: no loopback, bridge, tunnel or container's end. At most eight.
std::vector<std::string> physical_interfaces(const std::filesystem::path& root);

class Network {
 public:
  void sample(const std::filesystem::path& root, telemetry::Samples& samples);

 private:
  KernelCounters counters_;
};

}  // namespace porchlight::host
