// SPDX-License-Identifier: Apache-2.0
// https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md and bindings/http-protocol-binding.md
// (noted 2026-11-26).
#include "notify/cloud_event.hpp"

#include <nlohmann/json.hpp>

#include "notify/characters.hpp"
#include "notify/clip_file.hpp"
#include "notify/encoded_word.hpp"

namespace porchlight::notify {
using nlohmann::json;

std::string cloud_event_of(const Message& message, const std::string& source) {
  const auto& row = message.row;
  auto data = json::parse(row.payload, nullptr, false);
  if (!data.is_object()) data = json{{"damaged", true}};
  // Never two with one id and source: the sequence belongs to it.
  json event{{"specversion", "1.0"},
             {"id", row.key.event_id.text() + ":" + std::to_string(row.key.sequence)},
             {"source", source},
             {"type", "porchlight." + row.type},
             {"time", rfc3339(row.happened)},
             {"datacontenttype", "application/json"}};
  if (const auto camera = data.find("camera"); camera != data.end()) event["subject"] = *camera;
  if (!row.traceparent.empty()) event["traceparent"] = row.traceparent;
  if (message.picture)
    data["picture"] = {{"content_type", "image/jpeg"},
                       {"base64", base64_of(characters_of(*message.picture))}};
  if (message.clip)
    data["clip"] = {{"content_type", clip_file_of(message.clip).type},
                    {"base64", base64_of(characters_of(*message.clip))}};
  event["data"] = std::move(data);
  return event.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace porchlight::notify
