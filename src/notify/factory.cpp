// SPDX-License-Identifier: Apache-2.0
#include "notify/factory.hpp"

#include <array>

namespace porchlight::notify {

std::span<const ChannelKind> channel_kinds() {
  static constexpr std::array kinds{
      ChannelKind{"webhook", read_webhook},
      ChannelKind{"log", read_log_channel},
      ChannelKind{"telegram", read_telegram},
      ChannelKind{"ntfy", read_ntfy},
      ChannelKind{"slack", read_slack},
      ChannelKind{"pagerduty", read_pagerduty},
      ChannelKind{"exec", read_exec},
      ChannelKind{"email", read_email},
      ChannelKind{"mqtt", nullptr, read_mqtt_channel},
  };
  return kinds;
}

ChannelMaker read_maker(const ChannelKind& kind, config::Section& section, const std::string& id,
                        const MqttOptionsPtr& broker) {
  return kind.read_with_broker != nullptr ? kind.read_with_broker(section, id, broker)
                                          : kind.read(section, id);
}

}  // namespace porchlight::notify
