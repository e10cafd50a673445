// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "porchlight/config/document.hpp"
#include "porchlight/notify/options.hpp"

namespace porchlight::notify {

using ChannelMaker = std::function<Result<std::unique_ptr<Channel>>(const Clock&)>;

// One kind of channel. `read` takes the kind's own keys from the channel's mapping (id and type are
// taken already) and says how to build it; its faults go where the section collects them.
struct ChannelKind {
  std::string_view type;
  ChannelMaker (*read)(config::Section& section, const std::string& id);
  // Instead of `read`, of a kind that goes by the broker; null when none is configured.
  ChannelMaker (*read_with_broker)(config::Section& section, const std::string& id,
                                   const MqttOptionsPtr& broker) = nullptr;
};

std::span<const ChannelKind> channel_kinds();
// By whichever of the two the kind has.
ChannelMaker read_maker(const ChannelKind& kind, config::Section& section, const std::string& id,
                        const MqttOptionsPtr& broker);

// Each in its own file.
ChannelMaker read_webhook(config::Section& section, const std::string& id);
ChannelMaker read_email(config::Section& section, const std::string& id);
ChannelMaker read_log_channel(config::Section& section, const std::string& id);
ChannelMaker read_telegram(config::Section& section, const std::string& id);
ChannelMaker read_ntfy(config::Section& section, const std::string& id);
ChannelMaker read_slack(config::Section& section, const std::string& id);
ChannelMaker read_pagerduty(config::Section& section, const std::string& id);
ChannelMaker read_exec(config::Section& section, const std::string& id);
ChannelMaker read_mqtt_channel(config::Section& section, const std::string& id, const MqttOptionsPtr& broker);

}  // namespace porchlight::notify
