// SPDX-License-Identifier: Apache-2.0
#include "telemetry/process_samples.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <sstream>
#include <string>

namespace porchlight::telemetry {
namespace {

// The fields of /proc/self/stat that follow the command name, numbered as in proc(5) from 3.
struct Stat {
  double cpu_ticks = 0;       // 14 + 15
  double threads = 0;         // 20
  double start_ticks = 0;     // 22
  double virtual_bytes = 0;   // 23
  double resident_pages = 0;  // 24
};

std::optional<Stat> read_stat() {
  std::ifstream file("/proc/self/stat");
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  const auto name_end = text.rfind(')');  // a thread's name may hold blanks and brackets
  if (name_end == std::string::npos) return std::nullopt;
  std::istringstream fields(text.substr(name_end + 1));
  std::string state;
  fields >> state;
  Stat stat;
  double value = 0;
  for (int field = 4; field <= 24 && fields >> value; ++field) {
    if (field == 14 || field == 15) stat.cpu_ticks += value;
    if (field == 20) stat.threads = value;
    if (field == 22) stat.start_ticks = value;
    if (field == 23) stat.virtual_bytes = value;
    if (field == 24) stat.resident_pages = value;
  }
  return fields ? std::optional(stat) : std::nullopt;
}

// Unix seconds of the machine's start, or 0.
double boot_time() {
  std::ifstream file("/proc/stat");
  std::string line;
  while (std::getline(file, line)) {
    if (line.starts_with("btime ")) return std::stod(line.substr(6));
  }
  return 0;
}

std::optional<double> open_descriptors() {
  std::error_code error;
  const std::filesystem::directory_iterator folder("/proc/self/fd", error);
  if (error) return std::nullopt;
  // The iterator's own descriptor is among them.
  return static_cast<double>(std::distance(begin(folder), end(folder)) - 1);
}

double limit_of(__rlimit_resource resource) {
  rlimit limit{};
  if (::getrlimit(resource, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return -1;
  return static_cast<double>(limit.rlim_cur);
}

}  // namespace

std::vector<std::pair<std::string_view, double>> process_samples() {
  std::vector<std::pair<std::string_view, double>> samples;
  const auto ticks = static_cast<double>(::sysconf(_SC_CLK_TCK));
  if (const auto stat = read_stat()) {
    samples.emplace_back("process_cpu_seconds_total", stat->cpu_ticks / ticks);
    samples.emplace_back("process_threads", stat->threads);
    samples.emplace_back("process_virtual_memory_bytes", stat->virtual_bytes);
    samples.emplace_back("process_resident_memory_bytes",
                         stat->resident_pages * static_cast<double>(::sysconf(_SC_PAGESIZE)));
    if (const double boot = boot_time(); boot > 0) {
      samples.emplace_back("process_start_time_seconds", boot + stat->start_ticks / ticks);
    }
  }
  if (const auto descriptors = open_descriptors()) samples.emplace_back("process_open_fds", *descriptors);
  samples.emplace_back("process_max_fds", limit_of(RLIMIT_NOFILE));
  samples.emplace_back("process_virtual_memory_max_bytes", limit_of(RLIMIT_AS));
  return samples;
}

}  // namespace porchlight::telemetry
