// SPDX-License-Identifier: Apache-2.0
// Events as the interface shows them.
#pragma once

#include <nlohmann/json.hpp>
#include <vector>

#include "porchlight/store/acknowledgements.hpp"
#include "porchlight/store/event_log.hpp"

namespace porchlight::api {

// What docs/events.md says of the event, and `snapshot`: where its picture is, or null.
nlohmann::ordered_json event_json(const store::LoggedEvent& event);

// Who acknowledged it, and when: {"at", "by"}; null: nobody yet.
nlohmann::ordered_json acknowledged_json(const std::vector<store::Acknowledgement>& answers);

}  // namespace porchlight::api
