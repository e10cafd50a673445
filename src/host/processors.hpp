// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "porchlight/telemetry/metrics.hpp"

namespace porchlight::host {

// Ticks since the machine's start.
struct Ticks {
  std::uint64_t busy = 0;  // what a hypervisor took included: somebody waited then
  std::uint64_t idle = 0;  // waiting for a disk included
};

// /proc/stat: by core number, "" for all cores together. Lines that are none are left out.
std::map<std::string, Ticks> ticks_in(std::string_view stat);

// Percent from one moment to the next, 0 to 100; nothing when no tick has passed.
std::optional<double> usage(const Ticks& before, const Ticks& now);

class Processors {
 public:
  void sample(const std::filesystem::path& root, telemetry::Samples& samples);

 private:
  std::map<std::string, Ticks> before_;
};

}  // namespace porchlight::host
