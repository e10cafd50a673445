// SPDX-License-Identifier: Apache-2.0
#include "app/channel_keys.hpp"

#include <optional>

namespace porchlight::app {
namespace {

constexpr const char* login_of_broker =
    "mqtt.user and mqtt.password are the login, the broker's access list names the topics";

ChannelKeys keys_of_broker() {
  return {"mqtt", "mqtt", "mqtt.host", "mqtt.tls.ca_file", login_of_broker};
}

ChannelKeys keys_in_list(const std::string& type, const std::string& entry) {
  ChannelKeys keys{"notifications.channels", entry, entry + ".url", entry + ".ca_file",
                   entry + ".url and .headers name path and login"};
  if (type == "email") {
    keys.address = entry + ".server";
    keys.login = entry + ".user and .password are the login, .from and .to the addresses";
  } else if (type == "telegram") {
    keys.address = entry + ".api";
    keys.login = entry + ".token is the bot's, .chat where it writes";
  } else if (type == "ntfy") {
    keys.login = entry + ".topic, and .token or .user and .password are the login";
  } else if (type == "pagerduty") {
    keys.login = entry + ".routing_key is the integration's";
  } else if (type == notify::mqtt_type) {
    keys.login = login_of_broker;
  } else if (type == "exec") {
    keys.address = keys.login = entry + ".command";
  }
  return keys;
}

ChannelKeys keys_in_short_list(const notify::AlertingOptions& alerting, std::size_t entry) {
  const auto& type = alerting.channels[entry].type;
  const auto value = alerting.from_environment
                         ? "the value of '" + type + "' in NOTIFICATION_CHANNELS"
                         : "alerting.notification_channels[" + std::to_string(entry) + "].config";
  ChannelKeys keys{"alerting", "alerting", value, "", value + " is all that it is known by"};
  if (type == "email") {
    keys.address = "alerting.smtp.server";
    keys.authority = "alerting.smtp.ca_file";
    keys.login = "alerting.smtp.user and .password are the login";
  } else if (type == notify::mqtt_type) {
    keys.login = login_of_broker;
  }
  return keys;
}

std::optional<std::size_t> place_in_short_list(const notify::AlertingOptions& alerting,
                                               const std::string& id) {
  for (std::size_t i = 0; i < alerting.channels.size(); ++i)
    if (notify::alerting_id(alerting.channels[i].type) == id) return i;
  return std::nullopt;
}

}  // namespace

ChannelKeys keys_of(const Settings& settings, std::size_t index) {
  const auto& channel = settings.house.notifications.channels[index];
  if (channel.id == notify::mqtt_type) return keys_of_broker();
  if (const auto entry = place_in_short_list(settings.alerting, channel.id))
    return keys_in_short_list(settings.alerting, *entry);
  return keys_in_list(channel.type, "notifications.channels[" + std::to_string(index) + "]");
}

}  // namespace porchlight::app
