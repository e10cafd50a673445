// SPDX-License-Identifier: Apache-2.0
#include "porchlight/notify/options.hpp"

#include <array>
#include <set>

#include "notify/contains.hpp"
#include "notify/factory.hpp"
#include "notify/mqtt_house.hpp"
#include "notify/rule_options.hpp"
#include "porchlight/config/document.hpp"

namespace porchlight::notify {
namespace {

using config::Section;

constexpr std::array<std::string_view, 4> later_types{"push", "gotify", "pushover", "matrix"};

std::vector<std::string> kind_names() {
  std::vector<std::string> names;
  for (const auto& kind : channel_kinds()) names.emplace_back(kind.type);
  return names;
}

const ChannelKind* read_kind(Section& section) {
  const auto type = section.required_text("type");
  for (const auto& kind : channel_kinds())
    if (kind.type == type) return &kind;
  // The keys of a channel that cannot be read are not to be named as unknown, too.
  for (const auto* key : {"url", "ca_file", "timeout", "token", "chat", "user", "password", "host", "port",
                          "topic", "from", "to", "server", "service_key", "command", "priority"})
    if (section.has(key)) static_cast<void>(section.is_scalar(key) ? section.text(key, "") : "");
  if (contains(later_types, type))
    section.fault("type", "'" + type + "' is not in this version");
  else if (!type.empty())
    section.fault("type", "unknown channel type '" + type + "'" + did_you_mean(type, kind_names()));
  return nullptr;
}

std::vector<ChannelOptions> read_channels(Section& notifications, std::vector<std::string>& ids,
                                          const MqttOptionsPtr& broker) {
  std::vector<ChannelOptions> channels;
  for (auto& section : notifications.list("channels")) {
    const auto id = section.required_id("id");
    const auto* kind = read_kind(section);
    const auto recipient = read_recipient(section);
    if (!id.empty() && contains(ids, id)) section.fault("id", "channel '" + id + "' is there twice");
    if (broker && id == mqtt_type)
      section.fault("id", "'mqtt' is the channel that the section mqtt makes, choose another id");
    // Also of a channel with faults, so that the rules that name it get none of their own.
    ids.push_back(id);
    const auto language =
        section.choice("language", "en", {"en", "de"}) == "de" ? Language::german : Language::english;
    if (kind != nullptr)
      channels.push_back({id, std::string(kind->type), read_maker(*kind, section, id, broker), language,
                          recipient, section.fingerprint()});
  }
  return channels;
}

std::vector<Rule> default_rules(const std::vector<ChannelOptions>& channels) {
  std::vector<std::string> all;
  for (const auto& channel : channels) all.push_back(channel.id);
  return {{Occasion::ring, all, true},
          {Occasion::person_blacklisted, all, false},
          {Occasion::security, all, false}};
}

// Not among the ids that rules may name: it is told everything already.
void add_house(Options& options, const MqttOptionsPtr& broker) {
  options.everything.emplace_back(mqtt_type);
  options.channels.push_back({mqtt_type, mqtt_type,
                              [broker](const Clock& clock) -> Result<std::unique_ptr<Channel>> {
                                return {std::make_unique<MqttHouse>(broker, clock)};
                              },
                              Language::english});
}

}  // namespace

Options read_options(Section notifications, const CameraNames& cameras, const MqttOptionsPtr& broker) {
  Options options;
  options.cameras = cameras;
  options.broker = broker;
  std::vector<std::string> ids;
  options.channels = read_channels(notifications, ids, broker);
  const bool has_rules = notifications.has("rules");
  std::set<std::string> rule_ids;
  for (auto& section : notifications.list("rules")) {
    options.rules.push_back(read_rule(section, ids, cameras));
    if (const auto id = section.raw_text("id"); !id.empty() && !rule_ids.insert(id).second)
      section.fault("id", "rule '" + id + "' is there twice");
  }
  options.link_lifetime = notifications.section("links").duration(
      "lifetime", options.link_lifetime, std::chrono::minutes{5}, std::chrono::hours{24 * 30});
  if (!has_rules) options.rules = default_rules(options.channels);
  if (broker) add_house(options, broker);
  return options;
}

}  // namespace porchlight::notify
