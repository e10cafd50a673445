// SPDX-License-Identifier: Apache-2.0
#include "porchlight/notify/alerting.hpp"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>

#include "notify/alerting_list.hpp"
#include "notify/destination.hpp"
#include "notify/factory.hpp"
#include "porchlight/config/document.hpp"
#include "porchlight/http/mail_client.hpp"

namespace porchlight::notify {
namespace {

using config::Section;
using nlohmann::json;

constexpr std::array<const char*, 6> smtp_keys{"server", "starttls", "user", "password", "from", "ca_file"};
// Alerts of severity low and info are logged, counted and shown, and call nobody.
constexpr std::array<const char*, 4> calling_severities{"critical", "high", "warning", "medium"};
constexpr std::array<Occasion, 5> occasions{Occasion::alert, Occasion::camera_lost, Occasion::camera_back,
                                            Occasion::security, Occasion::disk};

const ChannelKind* kind_of(const std::string& type) {
  const auto kinds = channel_kinds();
  const auto found =
      std::find_if(kinds.begin(), kinds.end(), [&](const auto& kind) { return kind.type == type; });
  return found == kinds.end() ? nullptr : &*found;
}

// The channel as it would stand in notifications.channels, without id and type; nothing: the value does not
// say all that the type needs.
std::optional<json> section_of(const AlertingChannel& entry, const AlertingOptions& alerting) {
  const auto& value = entry.value;
  if (entry.type == "pagerduty") return json{{"routing_key", value}};
  if (entry.type == "email") {
    json section = alerting.smtp;
    section["to"] = {value};
    return section;
  }
  if (entry.type == "telegram") {
    const auto at = value.find('@');
    if (at == 0 || at == std::string::npos || at + 1 == value.size()) return std::nullopt;
    return json{{"token", value.substr(0, at)}, {"chat", value.substr(at + 1)}};
  }
  if (entry.type == "mqtt") return json{{"topic", value}};
  return json{{"url", value}};
}

// Values are secrets, and a fault of the factory may quote what it found: only the key is told.
std::string told_of(const config::Faults& faults) {
  std::string keys;
  for (const auto& fault : faults.all()) {
    const auto key = fault.message.substr(0, fault.message.find(':'));
    if (keys.find(key) == std::string::npos) keys += (keys.empty() ? "" : ", ") + key;
  }
  return keys;
}

void add_channel(Section& alerting, const AlertingChannel& entry, const AlertingOptions& read,
                 Options& options) {
  const auto fault = [&](const std::string& what) {
    alerting.fault("notification_channels", "'" + entry.type + "' " + what);
  };
  const auto* kind = kind_of(entry.type);
  if (kind == nullptr) return fault("is not in this version");
  if (kind->read_with_broker != nullptr && !options.broker)
    return fault("goes by the broker of the section mqtt, which names none: mqtt: {host: …}");
  if (entry.type == "email" && read.smtp.empty())
    return fault("needs the server that takes its mail: alerting.smtp: {server: …, from: …}");
  const auto section = section_of(entry, read);
  if (!section) return fault("needs <token>@<chat>");
  const auto id = alerting_id(entry.type);
  const auto is_taken = [&](const ChannelOptions& channel) { return channel.id == id; };
  if (std::any_of(options.channels.begin(), options.channels.end(), is_taken))
    return fault("becomes channel '" + id + "', and notifications.channels has one of that id already");
  config::Faults faults;
  const auto text = section->dump(-1, ' ', false, json::error_handler_t::replace);
  const auto document = config::Document::parse(text, "notification_channels", faults);
  auto keys = document.root();
  ChannelOptions channel;
  channel.id = id;
  channel.type = entry.type;
  channel.make = read_maker(*kind, keys, id, options.broker);
  channel.fingerprint = text;
  keys.finish();
  if (!faults.empty()) return fault("cannot be used as it is written: look at its " + told_of(faults));
  options.channels.push_back(std::move(channel));
}

std::vector<AlertingChannel> read_list(Section& alerting) {
  std::vector<AlertingChannel> entries;
  std::set<std::string> seen;
  std::size_t number = 0;
  for (auto& section : alerting.list("notification_channels")) {
    AlertingChannel entry{section.required_text("type"), section.required_text("config")};
    ++number;
    if (entry.type.empty() || entry.value.empty()) continue;  // faults of their own
    if (auto status = check_entry(entry, seen, "entry " + std::to_string(number)); !status)
      section.fault("type", status.error().text());
    else
      entries.push_back(std::move(entry));
  }
  return entries;
}

std::map<std::string, std::string> read_smtp(Section& alerting) {
  std::map<std::string, std::string> read;
  auto smtp = alerting.section("smtp");
  // Also what is empty: `check` does not see the service's credentials, and a user without a password is a
  // fault.
  for (const auto* key : smtp_keys)
    if (smtp.has(key)) read.emplace(key, smtp.text(key, ""));
  return read;
}

std::string read_url(Section& alerting, const char* key) {
  auto url = alerting.text(key, "");
  if (!url.empty())
    if (const auto fault = fault_of_url(url); !fault.empty()) alerting.fault(key, fault);
  return url;
}

std::vector<std::string> read_managers(Section& alerting, const std::map<std::string, std::string>& smtp) {
  auto managers = alerting.text_list("managers");
  if (!managers.empty() && !(smtp.contains("server") && smtp.contains("from")))
    alerting.fault("managers", "needs the server that takes its mail: alerting.smtp: {server: …, from: …}");
  for (std::size_t i = 0; i < managers.size(); ++i)
    if (!http::is_mail_address(managers[i]))
      alerting.fault("managers", "address " + std::to_string(i + 1) +
                                     " is no plain mail address such as anna@example.org");
  return managers;
}

}  // namespace

std::string alerting_id(std::string_view type) {
  return "alerting_" + std::string(type);
}

AlertingOptions read_alerting(Section alerting, std::string_view environment, Options& options) {
  AlertingOptions read;
  read.smtp = read_smtp(alerting);
  read.channels = read_list(alerting);
  read.managers = read_managers(alerting, read.smtp);
  read.slack_channel = alerting.text("slack_channel", "");
  read.sms_webhook = read_url(alerting, "sms_webhook");
  read.dead_mans_switch = read_url(alerting, "dead_mans_switch");
  read.from_environment = !environment.empty();
  if (read.from_environment) {
    auto parsed = parse_notification_channels(environment);
    if (parsed)
      read.channels = std::move(*parsed);
    else
      alerting.fault("notification_channels", "NOTIFICATION_CHANNELS: " + parsed.error().text());
  }
  const auto before = options.channels.size();
  for (const auto& entry : read.channels) add_channel(alerting, entry, read, options);
  std::vector<std::string> ids;
  for (auto i = before; i < options.channels.size(); ++i) ids.push_back(options.channels[i].id);
  for (const auto occasion : occasions) {
    Rule rule;
    rule.when = occasion;
    rule.to = ids;
    if (occasion == Occasion::alert)
      rule.severities.assign(calling_severities.begin(), calling_severities.end());
    if (!ids.empty()) options.rules.push_back(std::move(rule));
  }
  return read;
}

}  // namespace porchlight::notify
