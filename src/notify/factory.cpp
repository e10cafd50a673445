// SPDX-License-Identifier: Apache-2.0
#include "notify/factory.hpp"

#include <array>

namespace porchlight::notify {

std::span<const ChannelKind> channel_kinds() {
  static constexpr std::array kinds{
      ChannelKind{"webhook", read_webhook},
      ChannelKind{"log", read_log_channel},
  };
  return kinds;
}

}  // namespace porchlight::notify
