// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "porchlight/base/clock.hpp"
#include "porchlight/telemetry/log.hpp"
#include "porchlight/telemetry/log_context.hpp"

namespace porchlight::telemetry {

// What was thrown, or what an Error says. The causes of a nested one: the nearest first.
struct ExceptionText {
  std::string type;
  std::string message;
  std::string cause;
};

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
  LogContext ids;
  std::vector<std::pair<std::string, decltype(Field::value)>> fields;
  std::optional<ExceptionText> exception;
  bool truncated = false;
  double sample_rate = 1;  // of how many such records this is one: below 1, others were left out
  bool yields = false;     // to others, while the queue is half full
};

// What every record says of the program.
struct Origin {
  std::string environment = "production";
  std::string version;
  std::string pseudonym_key{};  // empty: persons' names are left out instead
  bool truncates_addresses = false;
};

inline constexpr std::size_t most_line_bytes = 16 * 1024;

// The line without its line break, scrubbed, in UTF-8 whatever came in.
std::string json_line(const Record& record, const Origin& origin);
std::string plain_line(const Record& record, const Origin& origin);

// What a record says in place of a field's text.
std::string text_for(std::string_view key, const std::string& text, const Origin& origin);

std::string_view to_string(Level level) noexcept;  // DEBUG … CRITICAL
std::string_view to_string(Component component) noexcept;

// What the call said of it, else its context.
std::string request_id_of(const Record& record);

// Cuts at a character's start, never inside one.
void cut(std::string& text, std::size_t most_bytes);

}  // namespace porchlight::telemetry
