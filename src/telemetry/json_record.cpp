// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cmath>
#include <nlohmann/json.hpp>

#include "porchlight/telemetry/recent_log.hpp"
#include "telemetry/pseudonym.hpp"
#include "telemetry/record.hpp"
#include "telemetry/scrub.hpp"

namespace porchlight::telemetry {
namespace {

using Json = nlohmann::ordered_json;

enum class Type { text, number, boolean };
struct TopKey {
  std::string_view name;
  Type type;
};

// Keys that queries look for at the top of a record, with the type they rely on; a value of another
// type goes into `context`, as does every other key.
constexpr TopKey top_keys[] = {
    {"event", Type::text},         {"event_type", Type::text},    {"request_id", Type::text},
    {"method", Type::text},        {"path", Type::text},          {"status", Type::number},
    {"status_code", Type::number}, {"duration_ms", Type::number}, {"response_time", Type::number},
    {"operation", Type::text},     {"success", Type::boolean},    {"correlation_id", Type::text},
    {"user_id", Type::text},       {"session_id", Type::text},
};
// Those that stand in `context` once more, where readers of the oldest format look for them.
constexpr std::string_view repeated_keys[] = {"request_id", "user_id", "session_id", "event_id",
                                              "event_type"};
constexpr std::string_view extra_keys[] = {"ip_address", "user_agent"};

constexpr std::array<std::string_view, 9> component_names = {
    "recording", "api", "auth", "ai", "streaming", "storage", "notification", "hardware", "system"};

bool is_repeated(std::string_view key) {
  return std::find(std::begin(repeated_keys), std::end(repeated_keys), key) != std::end(repeated_keys);
}

Type type_of(const Json& value) {
  if (value.is_boolean()) return Type::boolean;
  return value.is_number() ? Type::number : Type::text;
}

Json value_of(const std::string& key, const decltype(Field::value)& value, const Origin& origin) {
  if (const auto* text = std::get_if<std::string>(&value)) return text_for(key, *text, origin);
  if (is_secret_key(key)) return std::string(redacted);
  if (const auto* whole = std::get_if<std::int64_t>(&value)) return *whole;
  if (const auto* flag = std::get_if<bool>(&value)) return *flag;
  const double number = std::get<double>(value);
  // JSON has no word for these.
  if (std::isnan(number)) return "nan";
  if (std::isinf(number)) return number > 0 ? "inf" : "-inf";
  return number;
}

// How much of each text is kept, tried in turn until the line fits. A character may need six bytes.
struct Limits {
  std::size_t message;
  std::size_t text;
  std::size_t fields;
};
constexpr Limits ladder[] = {
    {most_line_bytes, most_line_bytes, 64}, {8192, 1024, 32}, {4096, 256, 16}, {1536, 64, 8}, {512, 32, 0}};

class Builder {
 public:
  Builder(const Record& record, const Origin& origin, const Limits& limits)
      : record_(record), origin_(origin), limits_(limits), truncated_(record.truncated) {}

  std::string line() {
    add_head();
    add_fields();
    add_ids();
    add_exception();
    add_access_twins();
    add_confidence();
    if (!context_.empty()) json_["context"] = context_;
    if (!extra_.empty()) json_["extra"] = extra_;
    if (record_.sample_rate < 1) {
      json_["sampled"] = true;
      json_["sample_rate"] = record_.sample_rate;
    }
    if (truncated_) json_["truncated"] = true;
    return json_.dump(-1, ' ', false, Json::error_handler_t::replace);
  }

 private:
  std::string limited(std::string text, std::size_t most) {
    if (text.size() <= most) return text;
    truncated_ = true;
    cut(text, most);
    return text;
  }

  void add_head() {
    json_["timestamp"] = rfc3339(record_.at);
    json_["level"] = to_string(record_.level);
    json_["logger"] = limited(record_.logger, limits_.text);
    json_["service"] = "porchlight";
    json_["version"] = limited(origin_.version, limits_.text);
    json_["component"] = to_string(record_.component);
    json_["environment"] = limited(origin_.environment, limits_.text);
    json_["message"] = limited(scrubbed(record_.message), limits_.message);
    json_["module"] = limited(record_.module, limits_.text);
    json_["function"] = limited(record_.function, limits_.text);
    json_["line"] = record_.line;
    json_["thread"] = record_.thread;
  }

  // What the call itself said of them stands.
  void add_id(const char* key, const std::string& value) {
    if (value.empty() || json_.contains(key)) return;
    json_[key] = limited(scrubbed(value), limits_.text);
    if (is_repeated(key)) context_[key] = Json(json_[key]);
  }

  void add_ids() {
    const auto& ids = record_.ids;
    add_id("event_id", ids.event_id);
    add_id("event_type", ids.event_type);
    add_id("request_id", ids.request_id);
    add_id("correlation_id", ids.correlation_id);
    for (const char* key : {"request_id", "event_id"})
      if (json_.contains(key) && !json_.contains("correlation_id"))
        json_["correlation_id"] = Json(json_[key]);
    add_id("user_id", ids.user_id);
    add_id("session_id", ids.session_id);
    if (!ids.trace_id.empty()) json_["trace_id"] = ids.trace_id;
    if (!ids.span_id.empty()) json_["span_id"] = ids.span_id;
  }

  void add_exception() {
    if (!record_.exception) return;
    const auto& thrown = *record_.exception;
    auto object = Json::object();
    object["type"] = limited(thrown.type, limits_.text);
    object["message"] = limited(scrubbed(thrown.message), limits_.text);
    if (!thrown.cause.empty()) object["cause"] = limited(scrubbed(thrown.cause), limits_.text);
    json_["exception"] = std::move(object);
  }

  void add_fields() {
    std::size_t left = limits_.fields;
    for (const auto& [key, value] : record_.fields) {
      if (left-- == 0) {
        truncated_ = true;
        break;
      }
      add_field(key, value_of(key, value, origin_));
    }
  }

  void add_field(const std::string& key, Json value) {
    if (value.is_string()) value = limited(value.get<std::string>(), limits_.text);
    const auto* top = std::find_if(std::begin(top_keys), std::end(top_keys),
                                   [&](const TopKey& known) { return known.name == key; });
    if (std::find(std::begin(extra_keys), std::end(extra_keys), key) != std::end(extra_keys)) {
      extra_[key] = std::move(value);
    } else if (top != std::end(top_keys) && top->type == type_of(value)) {
      json_[key] = value;
      if (is_repeated(key)) context_[key] = std::move(value);
    } else {
      context_[limited(key, limits_.text)] = std::move(value);
    }
  }

  // An access record's figures stand under two names each, because its readers use either.
  void add_access_twins() {
    const auto twin = [&](const char* from, const char* to) {
      if (json_.contains(from) && !json_.contains(to)) json_[to] = Json(json_[from]);
    };
    twin("status", "status_code");
    twin("status_code", "status");
    if (!json_.contains("method")) return;
    twin("duration_ms", "response_time");
    if (extra_.contains("user_agent")) json_["user_agent"] = Json(extra_["user_agent"]);
  }

  // How sure an operation was of its outcome.
  void add_confidence() {
    if (!json_.contains("operation") || !context_.contains("confidence")) return;
    if (context_["confidence"].is_number()) json_["confidence"] = Json(context_["confidence"]);
  }

  const Record& record_;
  const Origin& origin_;
  const Limits& limits_;
  bool truncated_;
  Json json_;
  Json context_ = Json::object();
  Json extra_ = Json::object();
};

}  // namespace

std::string text_for(std::string_view key, const std::string& text, const Origin& origin) {
  switch (kind_of_key(key)) {
    case KeyKind::secret:
      return std::string(redacted);
    case KeyKind::personal:
      return origin.pseudonym_key.empty() ? std::string(redacted) : pseudonym(origin.pseudonym_key, text);
    case KeyKind::open:
      break;
  }
  const bool is_address = key == "ip_address" && origin.truncates_addresses;
  return scrubbed(is_address ? truncated_address(text) : text);
}

std::string json_line(const Record& record, const Origin& origin) {
  std::string line;
  for (const auto& limits : ladder) {
    line = Builder(record, origin, limits).line();
    if (line.size() < most_line_bytes) break;
  }
  return line;
}

std::string request_id_of(const Record& record) {
  for (const auto& [key, value] : record.fields)
    if (const auto* text = std::get_if<std::string>(&value); text != nullptr && key == "request_id")
      return *text;
  return record.ids.request_id;
}

std::string_view to_string(Level level) noexcept {
  constexpr std::array<std::string_view, 5> names = {"DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"};
  return names[static_cast<std::size_t>(level)];
}

std::string_view to_string(Component component) noexcept {
  return component_names[static_cast<std::size_t>(component)];
}

std::optional<Component> component_of(std::string_view word) noexcept {
  const auto* const found = std::find(component_names.begin(), component_names.end(), word);
  if (found == component_names.end()) return std::nullopt;
  return static_cast<Component>(found - component_names.begin());
}

void cut(std::string& text, std::size_t most_bytes) {
  if (text.size() <= most_bytes) return;
  auto end = most_bytes;
  while (end > 0 && most_bytes - end < 3 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  text.resize(end);
}

}  // namespace porchlight::telemetry
