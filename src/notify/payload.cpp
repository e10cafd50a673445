// SPDX-License-Identifier: Apache-2.0
#include "porchlight/notify/payload.hpp"

#include <nlohmann/json.hpp>

namespace porchlight::notify {
namespace {

using nlohmann::json;

json object_of(const event::Event& event, std::uint32_t sequence, PictureAge picture_age) {
  auto object = json::parse(event::to_json(event));
  object["sequence"] = sequence;
  if (picture_age) object["picture_age_ms"] = picture_age->count();
  return object;
}

store::OutboxRow row_of(const event::Event& event, const Route& route, WallTime now, std::uint32_t sequence,
                        const json& object) {
  const auto& header = event::header_of(event);
  store::OutboxRow row;
  row.key = {header.id, route.channel_id, sequence};
  row.type = object.at("type").get<std::string>();
  row.payload = object.dump();
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
  auto row = row_of(event, route, now, first_message, object_of(event, first_message, picture_age));
  row.label = label_of(event);
  return row;
}

store::OutboxRow picture_update_of(const event::Ring& ring, const Route& route, WallTime now,
                                   PictureAge picture_age) {
  auto object = object_of(ring, picture_update, picture_age);
  object["type"] = "ring_update";
  auto row = row_of(ring, route, now, picture_update, object);
  row.picture = true;
  return row;
}

store::OutboxRow name_update_of(const event::Ring& ring, const event::Sighting& sighting, const Route& route,
                                WallTime now, PictureAge picture_age) {
  auto object = object_of(ring, name_update, picture_age);
  const auto seen = json::parse(event::to_json(sighting));
  for (const auto* key : {"result", "person", "confidence", "distance", "model_version"})
    if (seen.contains(key)) object[key] = seen[key];
  object["type"] = "ring_update";
  auto row = row_of(ring, route, now, name_update, object);
  row.label = label_of(sighting);
  return row;
}

}  // namespace porchlight::notify
