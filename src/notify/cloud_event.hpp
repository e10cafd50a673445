// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "porchlight/notify/channel.hpp"

namespace porchlight::notify {

inline constexpr const char* cloud_event_type = "application/cloudevents+json";

// The message as a CloudEvent 1.0 in structured JSON (docs/notifications.md): one event with the payload
// as `data`, and the picture in it as base64, because a structured request has no second part.
std::string cloud_event_of(const Message& message, const std::string& source);

}  // namespace porchlight::notify
