// SPDX-License-Identifier: Apache-2.0
#include "host/program.hpp"

#include <unistd.h>

#include <string>
#include <vector>

#include "host/reading.hpp"

namespace porchlight::host {
namespace {

constexpr std::size_t most_processes = 64;

// Columns of /proc/PID/stat behind the name, counted from 0 (proc(5) counts from 3).
enum Column : std::size_t {
  parent = 1,
  group = 2,
  utime = 11,
  stime = 12,
  cutime = 13,
  cstime = 14,
  rss = 21
};

// Each thread may have started some.
void add_children(const std::filesystem::path& process, std::vector<std::string>& waiting) {
  for (const auto& thread : names_in(process / "task")) {
    const auto text = text_of(process / "task" / thread / "children");
    for (const auto word : words_of(text))
      if (number_in(word)) waiting.emplace_back(word);
  }
}

std::chrono::nanoseconds time_of(std::uint64_t ticks) {
  static const double ticks_per_second = static_cast<double>(::sysconf(_SC_CLK_TCK));
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
      std::chrono::duration<double>(static_cast<double>(ticks) / ticks_per_second));
}

}  // namespace

std::optional<ProcessStat> process_stat_in(std::string_view stat) {
  const auto name_end = stat.rfind(')');  // a name may hold blanks and brackets
  if (name_end == std::string_view::npos) return std::nullopt;
  const auto words = words_of(stat.substr(name_end + 1));
  ProcessStat process;
  for (const auto column : {utime, stime, cutime, cstime}) {
    const auto ticks = number_at(words, column);
    if (!ticks || *ticks > UINT32_MAX) return std::nullopt;  // a year of a core, four times
    process.ticks += *ticks;
  }
  const auto pages = number_at(words, rss), above = number_at(words, parent),
             of_group = number_at(words, group);
  if (!pages || *pages > UINT32_MAX || !above || *above > INT32_MAX || !of_group || *of_group > INT32_MAX)
    return std::nullopt;
  process.resident_pages = *pages;
  process.parent = static_cast<int>(*above);
  process.group = static_cast<int>(*of_group);
  return process;
}

std::optional<ProgramUse> program_use(const std::filesystem::path& root, int pid) {
  const auto page = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  const auto leader = process_stat_in(text_of(root / "proc" / std::to_string(pid) / "stat"));
  if (!leader || leader->parent != ::getpid() || leader->group != pid) return std::nullopt;
  ProgramUse use;
  std::uint64_t ticks = 0;
  std::vector<std::string> waiting = {std::to_string(pid)};
  for (std::size_t at = 0; at < waiting.size() && at < most_processes; ++at) {
    const auto process = root / "proc" / waiting[at];
    const auto stat = process_stat_in(text_of(process / "stat"));
    if (!stat) continue;  // ended meanwhile
    ticks += stat->ticks;
    use.memory_bytes += stat->resident_pages * page;
    add_children(process, waiting);
  }
  use.cpu = time_of(ticks);
  return use;
}

}  // namespace porchlight::host
