// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string_view>

namespace porchlight::host {

// What /proc/PID/stat says of one process, children that it has waited for included.
struct ProcessStat {
  int parent = 0;
  int group = 0;
  std::uint64_t ticks = 0;
  std::uint64_t resident_pages = 0;
};
std::optional<ProcessStat> process_stat_in(std::string_view stat);

struct ProgramUse {
  std::chrono::nanoseconds cpu{};
  std::uint64_t memory_bytes = 0;  // resident
};

// Of a program that this process has started as the leader of a group, and of what it has started in turn.
// Nothing when it has ended; its number may belong to another by then, which is not counted.
std::optional<ProgramUse> program_use(const std::filesystem::path& root, int pid);

}  // namespace porchlight::host
