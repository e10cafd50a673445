// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "porchlight/base/clock.hpp"
#include "porchlight/telemetry/log.hpp"

namespace porchlight::telemetry {

// One log record on its way from the caller to the sinks. Owns all it says.
struct Record {
  Level level = Level::info;
  Component component = Component::system;
  WallTime at{};
  std::string logger;
  std::string message;
  std::string module;
  std::string function;
  unsigned line = 0;
  std::string thread;
  std::string trace_id;
  std::string span_id;
  std::string event_id;
  std::vector<std::pair<std::string, decltype(Field::value)>> fields;
  bool truncated = false;
  bool yields = false;  // to others, while the queue is half full
};

// What every record says of the program.
struct Origin {
  std::string environment = "production";
  std::string version;
};

inline constexpr std::size_t most_line_bytes = 16 * 1024;

// The line without its line break, scrubbed, in UTF-8 whatever came in.
std::string json_line(const Record& record, const Origin& origin);
std::string plain_line(const Record& record);

std::string_view to_string(Level level) noexcept;  // DEBUG … CRITICAL
std::string_view to_string(Component component) noexcept;

// Cuts at a character's start, never inside one.
void cut(std::string& text, std::size_t most_bytes);

}  // namespace porchlight::telemetry
