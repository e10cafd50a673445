// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "porchlight/notify/channel_lane.hpp"
#include "porchlight/notify/options.hpp"

namespace porchlight::notify {

// What a test lets the other side of a channel say, and what reached it.
struct Script {
  struct Seen {
    store::RowKey key;
    MonotonicTime at;
    std::map<std::uint32_t, std::string> receipts;
  };
  std::function<Delivery(const Message&)> answer = [](const Message&) { return Delivery::delivered(); };
  std::vector<Seen> seen;
};

class ScriptedChannel final : public Channel {
 public:
  ScriptedChannel(Script& script, const Clock& clock) : script_(script), clock_(clock) {}
  Delivery deliver(const Message& message, std::stop_token) override {
    script_.seen.push_back({message.row.key, clock_.now(), message.receipts});
    return script_.answer(message);
  }
  Status reach(std::stop_token) override { return {}; }

 private:
  Script& script_;
  const Clock& clock_;
};

inline ChannelOptions scripted(const std::string& id, Script& script) {
  ChannelOptions options;
  options.id = id;
  options.type = "webhook";
  options.make = [&script](const Clock& clock) -> Result<std::unique_ptr<Channel>> {
    return std::unique_ptr<Channel>(std::make_unique<ScriptedChannel>(script, clock));
  };
  return options;
}

}  // namespace porchlight::notify
