// SPDX-License-Identifier: Apache-2.0
// The format for terminals: `2025-01-29T04:20:12.950Z INFO    doorbell.camera: connected camera=front`.
#include <charconv>

#include "telemetry/record.hpp"
#include "telemetry/scrub.hpp"

namespace porchlight::telemetry {
namespace {

// A line break or an escape sequence in a value must not forge a line or steer the terminal.
void append_printable(std::string& out, std::string_view text) {
  constexpr std::string_view digits = "0123456789abcdef";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte != 0x7F) {
      out += c;
    } else {
      out.append("\\x").append(1, digits[byte >> 4]).append(1, digits[byte & 15]);
    }
  }
}

std::string text_of(std::string_view key, const decltype(Field::value)& value, const Origin& origin) {
  if (const auto* text = std::get_if<std::string>(&value)) return text_for(key, *text, origin);
  if (is_secret_key(key)) return std::string(redacted);
  if (const auto* whole = std::get_if<std::int64_t>(&value)) return std::to_string(*whole);
  if (const auto* flag = std::get_if<bool>(&value)) return *flag ? "true" : "false";
  char digits[32];
  const auto end = std::to_chars(digits, digits + sizeof digits, std::get<double>(value)).ptr;
  return {digits, end};
}

void append_field(std::string& out, std::string_view key, const std::string& value) {
  out += ' ';
  append_printable(out, key);
  out += '=';
  const bool quoted = value.empty() || value.find(' ') != std::string::npos;
  if (quoted) out += '"';
  append_printable(out, value);
  if (quoted) out += '"';
}

}  // namespace

std::string plain_line(const Record& record, const Origin& origin) {
  std::string out = rfc3339(record.at) + ' ';
  const auto level = to_string(record.level);
  out.append(level).append(9 - level.size(), ' ');
  append_printable(out, record.logger + ": ");
  append_printable(out, scrubbed(record.message));
  for (const auto& [key, value] : record.fields) {
    append_field(out, key, text_of(key, value, origin));
  }
  if (record.exception) append_field(out, record.exception->type, scrubbed(record.exception->message));
  if (!record.ids.event_id.empty()) append_field(out, "event_id", record.ids.event_id);
  cut(out, most_line_bytes - 1);
  return out;
}

}  // namespace porchlight::telemetry
