// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string_view>

#include "porchlight/telemetry/log.hpp"

namespace porchlight::telemetry {

// Which levels count, and why.
struct LogLevels {
  Level level = Level::info;  // of the loggers that no rule fits
  LevelRules configured;
  LevelRules overrides;
  LevelRules loggers;  // what counts now for each logger that there has been since the start
};

// Any thread.
LogLevels log_levels();
// Puts these rules before the configured ones, in place of those that were there, until the process ends.
void override_log_levels(LevelRules rules);

// `debug`, `info`, `warning` (or `warn`), `error`, `critical`; nothing: no level's word.
std::optional<Level> level_of(std::string_view word) noexcept;
std::string_view word_of(Level level) noexcept;
// 1 to 64 of a-z, 0-9, `_`, `-` and, not at an end, `.`.
bool is_logger_name(std::string_view name) noexcept;

}  // namespace porchlight::telemetry
