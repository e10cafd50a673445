// SPDX-License-Identifier: Apache-2.0
#include "store/audit_record.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>

#include "porchlight/telemetry/log.hpp"
#include "store/audit_values.hpp"

namespace porchlight::store {
namespace {

using nlohmann::json;

constexpr std::array<std::string_view, 8> type_names{"authentication",    "authorization",  "data_access",
                                                     "data_modification", "security_event", "system_change",
                                                     "face_recognition",  "notification"};
static_assert(type_names.size() == std::variant_size_v<AuditEvent>);

// All fields of a record together stay below the longest line, escapes included.
constexpr std::size_t longest_text = 1 << 10;

std::string shortened(std::string text) {
  if (text.size() <= longest_text) return text;
  std::size_t end = longest_text;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
  text.resize(end);
  return text + "…";
}

// Four decimals: every writer and reader of JSON prints such a number in the same way.
json ratio(double value) {
  return std::isfinite(value) ? json(std::round(std::clamp(value, 0.0, 1.0) * 10'000) / 10'000)
                              : json(nullptr);
}

// What a kind says beside the common record.
struct Said {
  std::string action;
  std::string result;
  AuditValue resource;
  json details;
  std::string personal_key;  // of details, for `personal_value`
  AuditValue personal_value;
};

std::string word(AuditResult result) {
  return std::string(to_string(result));
}
std::string word(bool success) {
  return success ? "success" : "failure";
}

Said say(const Authentication& e) {
  return {"login", word(e.success), plain("session"), {{"method", e.method}, {"success", e.success}}, "", {}};
}
Said say(const Authorization& e) {
  return {"authorize", e.granted ? "granted" : "denied",
          e.resource,  {{"granted", e.granted}, {"permission", e.permission}},
          "",          {}};
}
Said say(const DataAccess& e) {
  json details{{"operation", e.operation}};
  if (e.seconds) details["seconds"] = *e.seconds;
  return {e.operation, "success", e.resource, std::move(details), "", {}};
}
Said say(const DataModification& e) {
  return {e.operation, word(e.result), e.resource, {{"operation", e.operation}}, "changes", e.changes};
}
Said say(const SecurityIncident& e) {
  return {e.kind,
          "detected",
          plain("security"),
          {{"confidence", e.confidence ? ratio(*e.confidence) : json(nullptr)},
           {"description", shortened(telemetry::scrubbed(e.description))},
           {"kind", e.kind},
           {"severity", e.severity}},
          "person_id",
          e.person_id};
}
Said say(const SystemChange& e) {
  return {e.change_type,
          word(e.result),
          plain(e.component),
          {{"change_type", e.change_type},
           {"component", e.component},
           {"description", shortened(telemetry::scrubbed(e.description))},
           {"new_value", shortened(telemetry::scrubbed(e.new_value))},
           {"old_value", shortened(telemetry::scrubbed(e.old_value))}},
          "",
          {}};
}
Said say(const FaceRecognition& e) {
  return {"recognize",
          e.result_type,
          plain("camera:" + e.camera_id),
          {{"confidence", ratio(e.confidence)}, {"result_type", e.result_type}},
          "person_id",
          e.person_id};
}
Said say(const NotificationSent& e) {
  return {"deliver",
          word(e.success),
          plain("channel:" + e.channel),
          {{"channel", e.channel},
           {"message_id", e.message_id},
           {"notification_type", e.notification_type},
           {"success", e.success}},
          "recipient",
          e.recipient};
}

Status put(json& object, const std::string& key, const AuditValue& value, Database* database) {
  if (!value.personal || value.text.empty()) {
    object[key] = shortened(value.text);
    return {};
  }
  auto commitment = commit_to_value(database, value.text);
  if (!commitment) return std::move(commitment).error().context("keep the personal value of '" + key + "'");
  object[key] = "commitment:" + *commitment;
  return {};
}

bool is_text(const json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string();
}

}  // namespace

std::span<const std::string_view> audit_types() noexcept {
  return type_names;
}

std::string_view audit_type(const AuditEvent& event) noexcept {
  return type_names[event.index()];
}

std::string_view to_string(AuditResult result) noexcept {
  switch (result) {
    case AuditResult::begun:
      return "begun";
    case AuditResult::success:
      return "success";
    case AuditResult::failure:
      return "failure";
  }
  return "failure";
}

std::string no_audit_hash() {
  return std::string(64, '0');
}

std::string audit_hash(std::string_view key, std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
  if (key.empty())
    ::EVP_Digest(bytes, text.size(), digest.data(), &size, ::EVP_sha256(), nullptr);
  else
    ::HMAC(::EVP_sha256(), key.data(), static_cast<int>(key.size()), bytes, text.size(), digest.data(),
           &size);
  std::string hex;
  for (unsigned int i = 0; i < size; ++i) {
    hex += "0123456789abcdef"[digest[i] >> 4U];
    hex += "0123456789abcdef"[digest[i] & 15U];
  }
  return hex;
}

std::string canonical(const json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

Result<json> audit_body(const AuditEntry& entry, WallTime now, Database* database) {
  auto said = std::visit([](const auto& event) { return say(event); }, entry.event);
  json body{{"action", shortened(said.action)},   {"audit_type", audit_type(entry.event)},
            {"details", std::move(said.details)}, {"event_type", "security_audit"},
            {"result", shortened(said.result)},   {"timestamp", rfc3339(entry.at.value_or(now))}};
  Status status = put(body, "resource", said.resource, database);
  if (status) status = put(body, "user_id", entry.actor.user_id, database);
  if (status) status = put(body, "ip_address", entry.actor.ip_address, database);
  if (status) status = put(body, "user_agent", entry.actor.user_agent, database);
  if (status && !said.personal_key.empty())
    status = put(body["details"], said.personal_key, said.personal_value, database);
  if (!status) return std::move(status).error();
  return body;
}

Sealed seal(json body, std::uint64_t index, std::string_view prev_hash, std::string_view key) {
  body["index"] = index;
  body["prev_hash"] = prev_hash;
  // Read back: what was not UTF-8 has been replaced, and the hash must be of what can be read again.
  auto record = json::parse(canonical(body));
  auto hash = audit_hash(key, canonical(record));
  record["hash"] = hash;
  return {canonical(record) + "\n", std::move(hash)};
}

std::optional<ParsedRecord> parse_audit_line(std::string_view line) {
  // Deeper nesting is left out, and then the canonical form is another one: no bomb reaches the recursion
  // of writing it.
  const auto shallow = [](int depth, json::parse_event_t, const json&) { return depth <= 2; };
  auto record = json::parse(line, shallow, false);
  if (!record.is_object() || canonical(record) != line) return std::nullopt;
  for (const auto* key : {"action", "audit_type", "event_type", "hash", "ip_address", "prev_hash", "resource",
                          "result", "timestamp", "user_agent", "user_id"})
    if (!is_text(record, key)) return std::nullopt;
  const auto index = record.find("index");
  if (index == record.end() || !index->is_number_unsigned()) return std::nullopt;
  ParsedRecord parsed{index->get<std::uint64_t>(),
                      record["prev_hash"].get<std::string>(),
                      record["hash"].get<std::string>(),
                      {}};
  record.erase("hash");
  parsed.unsealed = canonical(record);
  return parsed;
}

std::optional<std::uint64_t> index_of_line(std::string_view line) noexcept {
  // Inside a text the quotes would be escaped, and no other object of a record has this key.
  constexpr std::string_view key = R"("index":)";
  const auto at = line.find(key);
  if (at == std::string_view::npos) return std::nullopt;
  std::uint64_t index = 0;
  const auto read = std::from_chars(line.data() + at + key.size(), line.data() + line.size(), index);
  if (read.ec != std::errc()) return std::nullopt;
  return index;
}

}  // namespace porchlight::store
