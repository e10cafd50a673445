// SPDX-License-Identifier: Apache-2.0
// Events as the interface shows them.
#pragma once

#include <nlohmann/json.hpp>
#include <vector>

#include "porchlight/store/acknowledgements.hpp"
#include "porchlight/store/event_log.hpp"
#include "porchlight/store/recognition_labels.hpp"

namespace porchlight::api {

// What docs/events.md says of the event, and `snapshot`: where its picture is, or null.
nlohmann::ordered_json event_json(const store::LoggedEvent& event);

// Who acknowledged it, and when: {"at", "by"}; null: nobody yet.
nlohmann::ordered_json acknowledged_json(const std::vector<store::Acknowledgement>& answers);

// What somebody said about who was seen, and what it makes of the sighting: {"is": name, or null of somebody
// forgotten} or {"is_not": true} or {"stranger": true}, with "outcome" and "at".
nlohmann::ordered_json identity_json(const store::RecognitionLabel& label);

}  // namespace porchlight::api
