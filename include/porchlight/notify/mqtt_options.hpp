// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

namespace porchlight::config {
class Section;
}

namespace porchlight::notify {

// The section `mqtt`: one broker. docs/home-assistant.md has the keys.
struct MqttOptions {
  std::string host;
  int port = 1883;
  std::string user, password;
  std::string topic_prefix = "porchlight";
  std::string client_id = "porchlight";
  bool tls = false;
  std::string ca_file;    // empty: the system's authorities
  std::string cert, key;  // our own certificate; empty: none
  bool discovery = true;
  std::string discovery_prefix = "homeassistant";
};
using MqttOptionsPtr = std::shared_ptr<const MqttOptions>;

// Null when no host is named. Faults go where the section collects them.
MqttOptionsPtr read_mqtt(config::Section mqtt);

}  // namespace porchlight::notify
