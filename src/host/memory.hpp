// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <string_view>

#include "porchlight/telemetry/metrics.hpp"

namespace porchlight::host {

// Bytes, as /proc/meminfo has them.
struct Memory {
  std::optional<double> total;
  std::optional<double> available;
};
Memory memory_in(std::string_view meminfo);

// The memory is returned for those who need its size.
Memory sample_memory(const std::filesystem::path& root, telemetry::Samples& samples);
void sample_load(const std::filesystem::path& root, telemetry::Samples& samples);

}  // namespace porchlight::host
