// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>

#include "porchlight/notify/house.hpp"
#include "porchlight/notify/mqtt_options.hpp"

namespace porchlight::notify {

// The configuration messages of Home Assistant's MQTT discovery
// (https://www.home-assistant.io/integrations/mqtt/#mqtt-discovery, as of 2026-11-26): topic → payload.
// One device for the house, one for each camera and for each button that has no camera.
std::map<std::string, std::string> discovery_of(const HouseFacts& facts, const MqttOptions& options);

// All of ours, wherever they came from: `<discovery_prefix>/<component>/<client_id>/<object>/config`.
std::string discovery_filter(const MqttOptions& options);
// Where Home Assistant says that it has started.
std::string birth_topic(const MqttOptions& options);

// What a button entity sends to ring.
inline constexpr const char* press_payload = "PRESS";

}  // namespace porchlight::notify
