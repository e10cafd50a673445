// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <string_view>

#include "host/kernel_counters.hpp"
#include "porchlight/base/mounts.hpp"
#include "porchlight/telemetry/metrics.hpp"

namespace porchlight::host {

// The folder of the process's own group in the version 2 hierarchy, from /proc/self/cgroup. Nothing where the
// controllers are of version 1 (also in part), where the hierarchy is not mounted, and for the root group,
// which is the whole machine.
std::optional<std::filesystem::path> control_group(std::string_view cgroup, const Mounts& mounts,
                                                   const std::filesystem::path& root);

// A systemd unit's group is its container.
class ControlGroup {
 public:
  // `all_memory`: bytes, the limit of a group that has none.
  void sample(const std::filesystem::path& root, const Mounts& mounts, std::optional<double> all_memory,
              telemetry::Samples& samples);

 private:
  KernelCounters counters_;
};

}  // namespace porchlight::host
