// SPDX-License-Identifier: Apache-2.0
#include "telemetry/log_repeats.hpp"

#include <utility>

namespace porchlight::telemetry {
namespace {

void append(std::string& key, std::string_view part) {
  key += part;
  key += '\0';
}

std::string text_of(const decltype(Field::value)& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return *text;
  if (const auto* whole = std::get_if<std::int64_t>(&value)) return std::to_string(*whole);
  if (const auto* flag = std::get_if<bool>(&value)) return *flag ? "true" : "false";
  return std::to_string(std::get<double>(value));
}

// All that must be the same. Fields count too: two cameras' faults are two faults.
std::string key_of(const Record& record) {
  std::string key;
  append(key, record.logger);
  append(key, record.module);
  append(key, std::to_string(record.line));
  append(key, to_string(record.level));
  append(key, record.message);
  for (const auto& [name, value] : record.fields) {
    append(key, name);
    append(key, text_of(value));
    if (key.size() > LogRepeats::longest) break;
  }
  if (record.exception) append(key, record.exception->type + ": " + record.exception->message);
  return key;
}

Record summary_of(Record last, std::uint64_t repeats) {
  last.fields.emplace_back("repeated", static_cast<std::int64_t>(repeats));
  return last;
}

}  // namespace

bool LogRepeats::admits(const Record& record, MonotonicTime now) {
  if (record.level < Level::error) return true;
  auto key = key_of(record);
  if (key.size() > longest) return true;
  const auto found = seen_.find(key);
  if (found == seen_.end()) {
    if (seen_.size() < most) seen_[std::move(key)].written = now;
    return true;
  }
  ++found->second.repeats;
  found->second.last = record;
  return false;
}

std::vector<Record> LogRepeats::due(MonotonicTime now) {
  std::vector<Record> summaries;
  for (auto at = seen_.begin(); at != seen_.end();) {
    auto& seen = at->second;
    if (now - seen.written < period) {
      ++at;
    } else if (seen.repeats == 0) {
      at = seen_.erase(at);
    } else {
      summaries.push_back(summary_of(std::exchange(seen.last, {}), std::exchange(seen.repeats, 0)));
      seen.written = now;
      ++at;
    }
  }
  return summaries;
}

std::vector<Record> LogRepeats::rest() {
  std::vector<Record> summaries;
  for (auto& [key, seen] : std::exchange(seen_, {}))
    if (seen.repeats > 0) summaries.push_back(summary_of(std::move(seen.last), seen.repeats));
  return summaries;
}

}  // namespace porchlight::telemetry
