// SPDX-License-Identifier: Apache-2.0
#include "host/control_group.hpp"

#include "host/reading.hpp"

namespace porchlight::host {
namespace {

using std::filesystem::path;

// "0::/system.slice/porchlight.service", and nothing but this line.
std::optional<std::string_view> group_in(std::string_view cgroup) {
  std::optional<std::string_view> group;
  bool mixed = false;
  each_line(cgroup, [&](std::string_view line) {
    if (line.starts_with("0::/"))
      group = line.substr(3);
    else if (!line.empty())
      mixed = true;
  });
  return mixed ? std::nullopt : group;
}

// Where a group is seen when only a part of the hierarchy is mounted.
std::optional<std::string_view> below(std::string_view group, std::string_view mounted) {
  if (mounted == "/") return group;
  if (!group.starts_with(mounted)) return std::nullopt;
  group.remove_prefix(mounted.size());
  return group.empty() || group.front() == '/' ? std::optional(group) : std::nullopt;
}

std::optional<std::uint64_t> usage_usec(std::string_view cpu_stat) {
  std::optional<std::uint64_t> usage;
  each_line(cpu_stat, [&](std::string_view line) {
    const auto words = words_of(line);
    if (words.size() == 2 && words[0] == "usage_usec") usage = number_in(words[1]);
  });
  return usage;
}

}  // namespace

std::optional<path> control_group(std::string_view cgroup, const Mounts& mounts, const path& root) {
  const auto group = group_in(cgroup);
  // "/../other" is outside of what this process may see.
  if (!group || group->starts_with("/..")) return std::nullopt;
  for (const auto& mount : mounts.all()) {
    if (mount.type != "cgroup2") continue;
    const auto inside = below(*group, mount.root);
    if (!inside) continue;
    const auto folder = root / path(mount.point).relative_path() / path(*inside).relative_path();
    std::error_code failure;
    // Every group has this file but the root.
    if (std::filesystem::exists(folder / "cgroup.type", failure)) return folder;
  }
  return std::nullopt;
}

void ControlGroup::sample(const path& root, const Mounts& mounts, std::optional<double> all_memory,
                          telemetry::Samples& samples) {
  const auto folder = control_group(text_of(root / "proc/self/cgroup"), mounts, root);
  counters_.begin();
  if (folder) {
    if (const auto usage = usage_usec(text_of(*folder / "cpu.stat")))
      samples.push_back(
          {"container_cpu_usage_seconds_total", {}, counters_.advance("cpu", *usage) / 1'000'000});
    if (const auto bytes = number_in(trimmed(text_of(*folder / "memory.current"))))
      samples.push_back({"container_memory_usage_bytes", {}, static_cast<double>(*bytes)});
    const auto text = text_of(*folder / "memory.max");
    const auto limit = number_in(trimmed(text));
    if (limit && *limit > 0)
      samples.push_back({"container_spec_memory_limit_bytes", {}, static_cast<double>(*limit)});
    else if (trimmed(text) == "max" && all_memory)
      samples.push_back({"container_spec_memory_limit_bytes", {}, *all_memory});
  }
  counters_.end();
}

}  // namespace porchlight::host
