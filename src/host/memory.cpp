// SPDX-License-Identifier: Apache-2.0
#include "host/memory.hpp"

#include <array>
#include <cmath>

#include "host/reading.hpp"

namespace porchlight::host {
namespace {

constexpr double kibibyte = 1024;

// "MemTotal:       24684092 kB"
std::optional<double> bytes_in(std::string_view line) {
  const auto words = words_of(line);
  const auto count = number_at(words, 1);
  if (!count || words.size() != 3 || words[2] != "kB") return std::nullopt;
  return static_cast<double>(*count) * kibibyte;
}

std::optional<double> load_in(std::string_view word) {
  double load = 0;
  const auto* end = word.data() + word.size();
  const auto [stopped, fault] = std::from_chars(word.data(), end, load, std::chars_format::fixed);
  if (fault != std::errc() || stopped != end || !std::isfinite(load) || load < 0) return std::nullopt;
  return load;
}

}  // namespace

Memory memory_in(std::string_view meminfo) {
  Memory memory;
  each_line(meminfo, [&](std::string_view line) {
    if (line.starts_with("MemTotal:")) memory.total = bytes_in(line);
    if (line.starts_with("MemAvailable:")) memory.available = bytes_in(line);
  });
  return memory;
}

Memory sample_memory(const std::filesystem::path& root, telemetry::Samples& samples) {
  const auto memory = memory_in(text_of(root / "proc/meminfo"));
  if (memory.total) samples.push_back({"system_memory_total_bytes", {}, *memory.total});
  if (memory.available) samples.push_back({"system_memory_available_bytes", {}, *memory.available});
  if (memory.total && memory.available && *memory.available <= *memory.total)
    samples.push_back({"system_memory_usage_bytes", {}, *memory.total - *memory.available});
  return memory;
}

void sample_load(const std::filesystem::path& root, telemetry::Samples& samples) {
  static constexpr std::array<const char*, 3> windows = {"1m", "5m", "15m"};
  const auto text = text_of(root / "proc/loadavg");
  const auto words = words_of(text);
  for (std::size_t i = 0; i < windows.size() && i < words.size(); ++i)
    if (const auto load = load_in(words[i]))
      samples.push_back({"system_load_average", {{"window", windows[i]}}, *load});
}

}  // namespace porchlight::host
