// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "porchlight/base/clock.hpp"
#include "porchlight/base/result.hpp"
#include "porchlight/notify/channel.hpp"
#include "porchlight/notify/mqtt_options.hpp"

namespace porchlight::config {
class Section;
}

namespace porchlight::notify {

// One configured channel. `make` builds it; called on the thread that sets up, used on the lane's.
// The clock outlives what it makes.
struct ChannelOptions {
  std::string id;
  std::string type;  // webhook, log: the `channel` label of the metrics
  std::function<Result<std::unique_ptr<Channel>>(const Clock&)> make;
  Language language = Language::english;
};

// `when` of a rule.
enum class Occasion : std::uint8_t {
  ring,
  person_known,
  person_unknown,
  person_blacklisted,
  camera_lost,
  camera_back,
  security,
  alert
};

struct Rule {
  Occasion when = Occasion::ring;
  std::vector<std::string> to;  // channel ids
  bool attach_snapshot = false;
};

struct Options {
  std::vector<ChannelOptions> channels;
  std::vector<Rule> rules;
  // Channels that are told of every event, with its picture, whatever the rules say.
  std::vector<std::string> everything;
  std::chrono::milliseconds link_lifetime{std::chrono::hours{24}};  // of the links in messages
};

// The channel that `mqtt.host` makes: its id, and its type.
inline constexpr const char* mqtt_type = "mqtt";

// Reads `notifications: {channels: […], rules: […]}`; faults go where the section collects them.
// Without rules: rings to every channel with a snapshot, blacklisted persons and security to every
// channel. With a broker there is one channel more, `mqtt`, which no rule names.
Options read_options(config::Section notifications, const MqttOptionsPtr& broker = nullptr);

}  // namespace porchlight::notify
