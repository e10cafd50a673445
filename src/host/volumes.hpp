// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/statvfs.h>

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "host/kernel_counters.hpp"
#include "porchlight/base/mounts.hpp"
#include "porchlight/telemetry/metrics.hpp"

namespace porchlight::host {

// Bytes of one file system.
struct Space {
  double total = 0;
  double used = 0;
  double free = 0;  // for those who are not root
};
// Nothing for a file system that has no size, or whose numbers contradict each other.
std::optional<Space> space_of(const struct statvfs& seen);

struct Transferred {
  std::uint64_t read_bytes = 0;
  std::uint64_t written_bytes = 0;
};
// The line of this device in /proc/diskstats; nothing when there is none or it is no such line.
std::optional<Transferred> transferred(std::string_view diskstats, std::string_view device);

// `/`, the file systems of the daemon's folder and of the recordings where they are others, and the block
// devices under them; which one has the recordings (it is full by design: alerts leave it out).
class Volumes {
 public:
  // `recordings` may be empty.
  explicit Volumes(std::filesystem::path folder, std::filesystem::path recordings = {})
      : folder_(std::move(folder)), recordings_(std::move(recordings)) {}
  void sample(const std::filesystem::path& root, const Mounts& mounts, telemetry::Samples& samples);

 private:
  void sample_devices(const std::filesystem::path& root, const std::vector<std::string>& devices,
                      telemetry::Samples& samples);

  const std::filesystem::path folder_;
  const std::filesystem::path recordings_;
  KernelCounters counters_;
};

}  // namespace porchlight::host
