// SPDX-License-Identifier: Apache-2.0
#include "host/sensors.hpp"

#include <array>
#include <charconv>
#include <set>

#include "host/reading.hpp"

namespace porchlight::host {
namespace {

using std::filesystem::path;

constexpr std::string_view zone_prefix = "thermal_zone";

std::string sensor_name(const path& zone, std::string_view number, std::set<std::string>& taken) {
  const auto type = text_of(zone / "type");
  auto name = label_text(trimmed(type));
  if (name.empty()) name = std::string(zone_prefix);
  if (!taken.insert(name).second) name += '-' + std::string(number);
  return name;
}

// soc/soc:firmware/get_throttled; a Raspberry Pi 5 has its bus's address in the name.
path find_flags(const path& root) {
  const auto platform = root / "sys/devices/platform";
  for (const auto& name : names_in(platform)) {
    const auto file = platform / name / (name + ":firmware") / "get_throttled";
    std::error_code failure;
    if (name.starts_with("soc") && std::filesystem::exists(file, failure)) return file;
  }
  return {};
}

// The word that the firmware's GET_THROTTLED gives; its upper half remembers since the start.
std::optional<std::uint64_t> flags_in(const path& file) {
  const auto text = text_of(file);
  auto word = trimmed(text);
  if (word.starts_with("0x")) word.remove_prefix(2);
  return number_in(word, 16);
}

}  // namespace

std::optional<double> temperature_in(std::string_view temp) {
  const auto word = trimmed(temp);
  long millidegrees = 0;
  const auto* end = word.data() + word.size();
  const auto [stopped, fault] = std::from_chars(word.data(), end, millidegrees);
  if (word.empty() || fault != std::errc() || stopped != end) return std::nullopt;
  // Drivers without a measurement say −274 °C and the like.
  if (millidegrees < -100'000 || millidegrees > 300'000) return std::nullopt;
  return static_cast<double>(millidegrees) / 1000;
}

void sample_temperatures(const path& root, telemetry::Samples& samples) {
  const auto folder = root / "sys/class/thermal";
  std::set<std::string> taken;
  for (const auto& name : names_in(folder)) {
    if (!name.starts_with(zone_prefix) || taken.size() >= most_of_a_kind) continue;
    const auto sensor = sensor_name(folder / name, std::string_view(name).substr(zone_prefix.size()), taken);
    if (const auto degrees = temperature_in(text_of(folder / name / "temp")))
      samples.push_back({"system_temperature_celsius", {{"sensor", sensor}}, *degrees});
  }
}

void Firmware::sample(const path& root, telemetry::Samples& samples) {
  static constexpr std::array<const char*, 4> reasons = {"under_voltage", "frequency_capped", "throttled",
                                                         "soft_temp_limit"};
  if (!flags_) flags_ = find_flags(root);
  if (flags_->empty()) return;
  const auto flags = flags_in(*flags_);
  if (!flags) return;
  for (std::size_t bit = 0; bit < reasons.size(); ++bit)
    samples.push_back(
        {"system_throttled", {{"reason", reasons[bit]}}, static_cast<double>((*flags >> bit) & 1)});
}

}  // namespace porchlight::host
