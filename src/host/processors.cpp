// SPDX-License-Identifier: Apache-2.0
#include "host/processors.hpp"

#include "host/reading.hpp"

namespace porchlight::host {
namespace {

constexpr std::size_t most_cores = 512;

// The columns of a line of /proc/stat (proc(5)). Those of guests are counted in user and nice already.
enum Column : std::size_t { user = 1, nice, system, idle, iowait, irq, softirq, steal, end_of_columns };

std::optional<Ticks> ticks_of(const std::vector<std::string_view>& words) {
  Ticks ticks;
  for (std::size_t column = user; column < end_of_columns; ++column) {
    const auto count = number_at(words, column);
    if (!count && column <= idle) return std::nullopt;
    const bool rests = column == idle || column == iowait;
    (rests ? ticks.idle : ticks.busy) += count.value_or(0);
  }
  return ticks;
}

// Idle time may go back a little (proc(5) says so of iowait).
double risen(std::uint64_t before, std::uint64_t now) {
  return now > before ? static_cast<double>(now - before) : 0;
}

}  // namespace

std::map<std::string, Ticks> ticks_in(std::string_view stat) {
  std::map<std::string, Ticks> all;
  each_line(stat, [&](std::string_view line) {
    if (!line.starts_with("cpu") || all.size() > most_cores) return;
    const auto words = words_of(line);
    const auto core = words.front().substr(3);
    if (!core.empty() && !number_in(core)) return;
    if (const auto ticks = ticks_of(words)) all.insert_or_assign(std::string(core), *ticks);
  });
  return all;
}

std::optional<double> usage(const Ticks& before, const Ticks& now) {
  const double busy = risen(before.busy, now.busy);
  const double all = busy + risen(before.idle, now.idle);
  if (all <= 0) return std::nullopt;
  return 100 * busy / all;
}

void Processors::sample(const std::filesystem::path& root, telemetry::Samples& samples) {
  auto now = ticks_in(text_of(root / "proc/stat"));
  for (const auto& [core, ticks] : now) {
    const auto before = before_.find(core);
    const auto percent = before == before_.end() ? std::nullopt : usage(before->second, ticks);
    if (!percent) continue;
    if (core.empty())
      samples.push_back({"system_cpu_usage_percent", {}, *percent});
    else
      samples.push_back({"system_cpu_core_usage_percent", {{"cpu", core}}, *percent});
  }
  before_ = std::move(now);
}

}  // namespace porchlight::host
