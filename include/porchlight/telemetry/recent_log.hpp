// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "porchlight/base/clock.hpp"
#include "porchlight/telemetry/log.hpp"

namespace porchlight::telemetry {

// Which records are meant; what is not given does not restrict.
struct LogQuery {
  Level least = Level::warning;
  std::optional<Component> component{};
  std::string logger{};  // it, and what stands below it
  std::optional<WallTime> since{};
  std::string request_id{};
  std::string trace_id{};
  // Only what came after the record of this number; then the oldest are given if there are too many, so that
  // whoever follows misses none. 0: the newest are given.
  std::uint64_t after = 0;
  std::size_t most = 50;
};

struct LogAnswer {
  std::vector<std::string> records;  // newest first
  std::uint64_t last = 0;            // `after` of whoever wants to go on from here
};

// The newest records of this process that were written: each one line of JSON as the log has it, scrubbed,
// and without the code that makes the first account. At most 2,048 records of 2 MiB together are kept, and
// beside them the newest 256 of level warning and above, of 256 KiB; what was dropped before it was written
// is not among them. Any thread.
LogAnswer recent_log_records(const LogQuery& query);

// `recording`, `api`, …; nothing: no component's word.
std::optional<Component> component_of(std::string_view word) noexcept;

}  // namespace porchlight::telemetry
