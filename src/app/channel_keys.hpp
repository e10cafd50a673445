// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "app/settings.hpp"

namespace porchlight::app {

// Which keys of the configuration make a channel, as a person finds them there.
struct ChannelKeys {
  std::string list;       // a fault below it may be this channel's
  std::string entry;      // notifications.channels[2]; the faults of this channel begin with it
  std::string address;    // notifications.channels[2].url
  std::string authority;  // that signs its certificate; empty: one of the system's
  std::string login;      // what it is known by at the other side
};

// `index` is the channel's place among settings.house.notifications.channels.
ChannelKeys keys_of(const Settings& settings, std::size_t index);

}  // namespace porchlight::app
