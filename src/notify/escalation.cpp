// SPDX-License-Identifier: Apache-2.0
#include "porchlight/notify/escalation.hpp"

#include <nlohmann/json.hpp>

namespace porchlight::notify {

bool is_escalation(const store::OutboxRow& row) {
  if (row.key.sequence < store::first_escalation) return false;
  const auto object = nlohmann::json::parse(row.payload, nullptr, false);
  const auto said = object.is_object() ? object.find("escalation") : object.end();
  return said != object.end() && said->is_boolean() && said->get<bool>();
}

std::optional<Ended> ended_by(const event::Event& event) {
  if (const auto* back = std::get_if<event::CameraBack>(&event))
    return Ended{"camera_lost", "camera", back->camera_id};
  if (const auto* alert = std::get_if<event::Alert>(&event); alert != nullptr && !alert->firing)
    return Ended{"alert", "fingerprint", alert->fingerprint};
  if (const auto* trouble = std::get_if<event::DiskTrouble>(&event);
      trouble != nullptr && trouble->fault == event::DiskFault::back)
    return Ended{"disk", "folder", trouble->folder};
  if (const auto* gap = std::get_if<event::FootageGap>(&event); gap != nullptr && gap->ended)
    return Ended{"gap", "id", gap->header.id.text()};
  return std::nullopt;
}

bool is_ended(const store::OutboxRow& row, const Ended& ended) {
  if (row.type != ended.type) return false;
  const auto object = nlohmann::json::parse(row.payload, nullptr, false);
  const auto said = object.is_object() ? object.find(ended.member) : object.end();
  return said != object.end() && said->is_string() && said->get_ref<const std::string&>() == ended.value;
}

}  // namespace porchlight::notify
