// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <string_view>

#include "porchlight/telemetry/metrics.hpp"

namespace porchlight::host {

// °C from a thermal zone's millidegrees; nothing for what is no number or no temperature.
std::optional<double> temperature_in(std::string_view temp);

// Thermal zones by their type; of two with one type the later has its number behind it. At most eight.
void sample_temperatures(const std::filesystem::path& root, telemetry::Samples& samples);

// What the firmware of a Raspberry Pi says of its supply and its heat; nothing on other machines.
class Firmware {
 public:
  void sample(const std::filesystem::path& root, telemetry::Samples& samples);

 private:
  std::optional<std::filesystem::path> flags_;  // empty: this is none
};

}  // namespace porchlight::host
