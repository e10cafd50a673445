// SPDX-License-Identifier: Apache-2.0
#include "porchlight/notify/mqtt_options.hpp"

#include <unistd.h>

#include <algorithm>

#include "notify/mqtt_topic.hpp"
#include "porchlight/config/document.hpp"

namespace porchlight::notify {
namespace {

using config::Section;

void check_file(Section& section, const char* key, const std::string& path) {
  if (!path.empty() && ::access(path.c_str(), R_OK) != 0)
    section.tolerable_fault(key, "cannot read '" + path + "'");
}

void read_tls(Section& mqtt, MqttOptions& options) {
  if (!mqtt.is_mapping("tls")) {
    options.tls = mqtt.choice("tls", "off", {"off", "on"}) == "on";
    return;
  }
  options.tls = true;
  auto tls = mqtt.section("tls");
  options.ca_file = tls.text("ca_file", "");
  options.cert = tls.text("cert", "");
  options.key = tls.text("key", "");
  if (options.cert.empty() != options.key.empty())
    tls.fault(options.cert.empty() ? "key" : "cert", "cert and key belong together, name both or none");
  check_file(tls, "ca_file", options.ca_file);
  check_file(tls, "cert", options.cert);
  check_file(tls, "key", options.key);
}

std::string read_prefix(Section& mqtt, const char* key, const std::string& fallback) {
  auto prefix = mqtt.text(key, fallback);
  if (const auto fault = topic_fault(prefix); !fault.empty()) mqtt.fault(key, fault);
  return prefix;
}

std::string read_client_id(Section& mqtt, const std::string& fallback) {
  auto id = mqtt.text("client_id", fallback);
  // It becomes a level of Home Assistant's topics, which allow these characters only.
  const bool plain = std::all_of(id.begin(), id.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
  if (id.empty() || id.size() > 64 || !plain) mqtt.fault("client_id", "1 to 64 letters, digits, '_' and '-'");
  return id;
}

}  // namespace

MqttOptionsPtr read_mqtt(Section mqtt) {
  MqttOptions options;
  options.host = mqtt.text("host", "");
  const bool good_host = options.host.find_first_of("/@ ") == std::string::npos;
  if (!good_host)
    mqtt.fault("host",
               "a name or an address without scheme, user and path; encryption is switched on by 'tls'");
  options.port = static_cast<int>(mqtt.integer("port", options.port, 1, 65535));
  options.user = mqtt.text("user", "");
  options.password = mqtt.text("password", "");
  if (options.user.empty() && !options.password.empty())
    mqtt.fault("password", "a password needs a user, set mqtt.user");
  options.topic_prefix = read_prefix(mqtt, "topic_prefix", options.topic_prefix);
  options.client_id = read_client_id(mqtt, options.client_id);
  read_tls(mqtt, options);
  options.discovery = mqtt.boolean("discovery", true);
  options.discovery_prefix = read_prefix(mqtt, "discovery_prefix", options.discovery_prefix);
  // What stands in place of a host may be a secret; nobody is to look it up.
  if (options.host.empty() || !good_host) return nullptr;
  return std::make_shared<const MqttOptions>(std::move(options));
}

}  // namespace porchlight::notify
