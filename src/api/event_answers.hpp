// SPDX-License-Identifier: Apache-2.0
// Events as the interface shows them.
#pragma once

#include <nlohmann/json.hpp>

#include "porchlight/store/event_log.hpp"

namespace porchlight::api {

// What docs/events.md says of the event, and `snapshot`: where its picture is, or null.
nlohmann::ordered_json event_json(const store::LoggedEvent& event);

}  // namespace porchlight::api
