// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <set>
#include <string_view>

#include "porchlight/base/clock.hpp"
#include "porchlight/telemetry/metrics.hpp"

namespace porchlight::host {

// This process's TCP sockets, asked of each descriptor: that costs the same on a machine with ten thousand
// connections of others, where the kernel's table does not.
struct OwnSockets {
  std::size_t established = 0;
  std::size_t listen = 0;
  std::size_t close_wait = 0;
  std::size_t other = 0;
  // Listened on, by family: what comes over IPv4 to a listener of both is one of IPv6.
  std::set<std::uint16_t> ports;
  std::set<std::uint16_t> ports_v6;
};
// Nothing when the descriptors cannot be listed.
std::optional<OwnSockets> own_sockets();

// Lines of /proc/net/tcp or tcp6 that are in TIME_WAIT at one of these local ports. Such a socket belongs
// to no process any more, so it is known by its port.
std::size_t time_waits_in(std::string_view table, const std::set<std::uint16_t>& ports);

class Sockets {
 public:
  void sample(MonotonicTime now, const std::filesystem::path& root, telemetry::Samples& samples);

 private:
  void count_time_waits(MonotonicTime now, const std::filesystem::path& root, const OwnSockets& own);

  std::optional<std::size_t> time_waits_;
  std::optional<MonotonicTime> counted_;
};

}  // namespace porchlight::host
