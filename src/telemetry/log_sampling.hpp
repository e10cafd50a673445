// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

namespace porchlight::telemetry {

// Whether what has this key is among the part `rate` (0…1) that is kept. The same key, the same answer, and
// a key kept at one rate is kept at each higher one: all records of a trace stay or go together.
bool keeps(std::string_view key, double rate) noexcept;
// The same of the n-th of many that have no key.
bool keeps(std::uint64_t number, double rate) noexcept;

}  // namespace porchlight::telemetry
