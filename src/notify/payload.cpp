// SPDX-License-Identifier: Apache-2.0
#include "porchlight/notify/payload.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "notify/critical.hpp"
#include "porchlight/telemetry/log.hpp"  // scrubbed()

namespace porchlight::notify {
namespace {

using nlohmann::json;

json object_of(const event::Event& event, PictureAge picture_age) {
  auto object = json::parse(event::to_json(event));
  if (picture_age) object["picture_age_ms"] = picture_age->count();
  return object;
}

// What the rule says of the message's words. Never the words themselves: a name in them may be forgotten
// before they are read.
void add_words(json& object, const Route& route) {
  json words = json::object();
  if (!route.words.title.empty()) words["title"] = route.words.title;
  if (!route.words.text.empty()) words["text"] = route.words.text;
  if (!route.camera_name.empty()) words["camera"] = route.camera_name;
  if (route.critical != is_critical_by_itself(object)) words["critical"] = route.critical;
  if (!words.empty()) object["words"] = std::move(words);
}

// Whoever asked chose it: what looks like a secret is not kept.
bool may_be_kept(const std::string& id) {
  return !id.empty() && telemetry::scrubbed(id) == id;
}

// So that it is still known after a restart, and to what goes by way of the outbox.
void add_request(json& object, const event::Header& header) {
  if (!may_be_kept(header.request_id)) return;
  object["request"]["id"] = header.request_id;
  if (may_be_kept(header.correlation_id)) object["request"]["correlation_id"] = header.correlation_id;
}

store::OutboxRow row_of(const event::Event& event, const Route& route, WallTime now, std::uint32_t sequence,
                        json object) {
  const auto& header = event::header_of(event);
  object["sequence"] = sequence;
  if (route.more > 0) object["grouped"] = route.more;
  add_words(object, route);
  add_request(object, header);
  store::OutboxRow row;
  row.key = {header.id, route.channel_id, sequence};
  row.type = object.at("type").get<std::string>();
  row.payload = object.dump(-1, ' ', false, json::error_handler_t::replace);
  row.traceparent = header.trace.child().traceparent();
  row.happened = header.at;
  row.created = now;
  row.next_attempt = now;
  row.expires = now + lifetime_of(event);
  return row;
}

}  // namespace

store::OutboxRow message_of(const event::Event& event, const Route& route, WallTime now,
                            PictureAge picture_age) {
  auto object = object_of(event, picture_age);
  const bool later = route.after > std::chrono::milliseconds::zero();
  if (later) object["escalation"] = true;
  auto row = row_of(event, route, now, later ? store::first_escalation : first_message, std::move(object));
  if (later) {
    row.created = row.next_attempt = std::max(now, row.happened + route.after);
    row.expires = row.next_attempt + lifetime_of(event);
  }
  row.label = label_of(event);
  return row;
}

store::OutboxRow picture_update_of(const event::Ring& ring, const Route& route, WallTime now,
                                   PictureAge picture_age) {
  auto object = object_of(ring, picture_age);
  object["type"] = "ring_update";
  auto row = row_of(ring, route, now, picture_update, object);
  row.picture = true;
  return row;
}

store::OutboxRow name_update_of(const event::Ring& ring, const event::Sighting& sighting, const Route& route,
                                WallTime now, PictureAge picture_age) {
  auto object = object_of(ring, picture_age);
  const auto seen = json::parse(event::to_json(sighting));
  for (const auto* key : {"result", "person", "confidence", "distance", "model_version", "refused"})
    if (seen.contains(key)) object[key] = seen[key];
  object["type"] = "ring_update";
  auto row = row_of(ring, route, now, name_update, object);
  row.label = label_of(sighting);
  return row;
}

store::OutboxRow clip_update_of(const event::Event& event, const Route& route, WallTime now) {
  auto object = object_of(event, std::nullopt);
  if (object["type"] == "ring") object["type"] = "ring_update";
  object["clip"] = true;
  auto told = route;
  told.more = 0;  // those were told with the first
  return row_of(event, told, now, clip_update, std::move(object));
}

bool carries_clips(std::string_view channel_type) noexcept {
  return channel_type == "webhook" || channel_type == "email" || channel_type == "telegram" ||
         channel_type == "ntfy";
}

Requested requested_by(const store::OutboxRow& row) {
  const auto object = json::parse(row.payload, nullptr, false);
  if (!object.is_object() || !object.contains("request") || !object["request"].is_object()) return {};
  const auto word = [&request = object["request"]](const char* key) {
    return request.contains(key) && request[key].is_string() ? request[key].get<std::string>()
                                                             : std::string();
  };
  return {word("id"), word("correlation_id")};
}

std::string public_payload(const store::OutboxRow& row) {
  auto object = json::parse(row.payload, nullptr, false);
  if (!object.is_object() || object.erase("words") + object.erase("request") == 0) return row.payload;
  return object.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace porchlight::notify
