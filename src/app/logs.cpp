// SPDX-License-Identifier: Apache-2.0
// What the running daemon said of late. Older records are in the journal.
#include <algorithm>
#include <cctype>
#include <chrono>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>

#include "app/commands.hpp"
#include "app/moment.hpp"
#include "app/terminal.hpp"
#include "porchlight/api/control_client.hpp"

namespace porchlight::app {
namespace {

using nlohmann::ordered_json;
using Parameters = api::ControlClient::Parameters;

constexpr std::chrono::seconds look_again{1};
constexpr std::size_t most_records = 200;  // of one answer

Parameters with_limit(Parameters parameters, std::size_t limit) {
  for (auto& [name, value] : parameters)
    if (name == "limit") value = std::to_string(limit);
  return parameters;
}

std::string in_small_letters(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

// `1h` is an hour ago, as journalctl's users write it without a sign.
std::optional<WallTime> since_of(const std::string& text) {
  const auto now = std::chrono::system_clock::now();
  if (auto moment = parse_moment(text, now)) return moment;
  return parse_moment("-" + text, now);
}

// Nothing, with a word on standard error, when a time cannot be read.
std::optional<Parameters> parameters_of(const LogSelection& asked) {
  Parameters parameters{{"level", in_small_letters(asked.level)}, {"limit", std::to_string(asked.lines)}};
  const auto add = [&](const char* name, const std::string& value) {
    if (!value.empty()) parameters.emplace_back(name, value);
  };
  add("component", asked.component);
  add("logger", asked.logger);
  add("request_id", asked.request);
  add("trace_id", asked.trace);
  if (asked.since.empty()) return parameters;
  const auto since = since_of(asked.since);
  if (!since) {
    complain("--since takes 2025-01-29T04:20:00Z, '2025-01-29 04:20', 04:20 or 2h", exit_usage);
    return std::nullopt;
  }
  add("since", rfc3339(*since));
  return parameters;
}

// A line break or an escape sequence in a value must not forge a line or steer the terminal, and some obey
// U+0080 to U+009F, too, two bytes each. Such a character is written as `prefix` and its code.
std::string without_controls(const std::string& text, const char* prefix, int digits) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    unsigned int code = static_cast<unsigned char>(text[i]);
    const unsigned int next = i + 1 < text.size() ? static_cast<unsigned char>(text[i + 1]) : 0;
    if (code == 0xC2 && next >= 0x80 && next <= 0x9F) {
      code = next;
      ++i;
    } else if (code >= 0x20 && code != 0x7F) {
      out += text[i];
      continue;
    }
    char number[16];
    std::snprintf(number, sizeof number, "%0*x", digits, code);
    out.append(prefix).append(number);
  }
  return out;
}

std::string printable(const std::string& text) {
  return without_controls(text, "\\x", 2);
}

// JSON as it was to whoever parses it: its own controls are escaped already, and these stand in texts only.
std::string printable_json(const ordered_json& record) {
  return without_controls(record.dump(-1, ' ', false, ordered_json::error_handler_t::replace), "\\u", 4);
}

std::string text_of(const ordered_json& value) {
  return printable(value.is_string() ? value.get<std::string>() : value.dump());
}

std::string line_of(const ordered_json& record) {
  const auto of = [&](const char* key) { return record.contains(key) ? text_of(record[key]) : ""; };
  auto level = of("level");
  level.resize(std::max<std::size_t>(level.size(), 8), ' ');
  auto line = of("timestamp") + " " + level + " " + of("logger") + ": " + of("message");
  for (const char* key : {"method", "path", "status", "duration_ms", "operation", "success", "request_id"})
    if (record.contains(key)) line += std::string(" ") + key + "=" + of(key);
  for (const auto* object : {"context", "exception", "extra"}) {
    if (!record.contains(object)) continue;
    for (const auto& [key, value] : record[object].items())
      if (!record.contains(key)) line += " " + printable(key) + "=" + text_of(value);
  }
  return line;
}

// In the order in which they were written.
void print(const ordered_json& records, bool as_json) {
  for (auto record = records.rbegin(); record != records.rend(); ++record) {
    const auto line = as_json ? printable_json(*record) : line_of(*record);
    std::printf("%s\n", line.c_str());
  }
  std::fflush(stdout);
}

// Prints what one look gives; its `last`, or the exit code of a look that gave nothing.
struct Looked {
  std::uint64_t last = 0;
  int exit_code = exit_done;
  std::size_t records = 0;
};

Looked look(const api::ControlClient& daemon, const Parameters& parameters, bool as_json) {
  const auto answer = daemon.logs(parameters);
  if (!answer) return {0, complain(answer.error().text(), exit_unreachable)};
  if (!answer->ok())
    return {0, complain(answer->problem(), answer->status == 503 ? exit_unreachable : exit_usage)};
  const auto body = ordered_json::parse(answer->body, nullptr, false);
  if (!body.is_object() || !body.contains("records") || !body["records"].is_array())
    return {0, complain("the daemon's answer cannot be read", exit_unreachable)};
  print(body["records"], as_json);
  return {body.value("last", std::uint64_t{0}), exit_done, body["records"].size()};
}

// Until somebody ends it, or the daemon ends.
int follow(const api::ControlClient& daemon, const Parameters& parameters, Looked looked, bool as_json) {
  while (looked.exit_code == exit_done) {
    // Where there is more than one answer holds, the next is asked for at once.
    if (looked.records < most_records) std::this_thread::sleep_for(look_again);
    auto further = with_limit(parameters, most_records);
    if (looked.last > 0) further.emplace_back("after", std::to_string(looked.last));
    const auto before = looked.last;
    looked = look(daemon, further, as_json);
    // Another daemon counts from the beginning: its first records are new.
    if (looked.last < before) looked.last = 0;
  }
  return looked.exit_code;
}

}  // namespace

int logs_command(const CommandOptions& options, const LogSelection& asked) {
  const auto parameters = parameters_of(asked);
  if (!parameters) return exit_usage;
  auto [settings, exit_code] = settings_to_ask_with(options);
  if (!settings) return exit_code;
  const api::ControlClient daemon(settings->control_socket());
  const auto looked = look(daemon, *parameters, options.json);
  return asked.follow ? follow(daemon, *parameters, looked, options.json) : looked.exit_code;
}

}  // namespace porchlight::app
