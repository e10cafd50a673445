// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "porchlight/base/clock.hpp"
#include "porchlight/base/result.hpp"
#include "porchlight/notify/channel.hpp"
#include "porchlight/notify/hours.hpp"
#include "porchlight/notify/mqtt_options.hpp"

namespace porchlight::config {
class Section;
}

namespace porchlight::notify {

// `rate` of a channel: so many messages at once, and one more each `every`.
struct Rate {
  std::uint32_t burst = 0;
  std::chrono::milliseconds every{0};
  bool operator==(const Rate&) const = default;
};

// What the one at the other end of a channel does not want to hear, whatever the rules say.
struct Recipient {
  Hours quiet{};
  std::optional<Rate> rate{};
  std::vector<std::string> not_about{};  // names of persons
};

// One configured channel. `make` builds it; called on the thread that sets up, used on the lane's.
// The clock outlives what it makes.
struct ChannelOptions {
  std::string id;
  std::string type;  // webhook, log: the `channel` label of the metrics
  std::function<Result<std::unique_ptr<Channel>>(const Clock&)> make;
  Language language = Language::english;
  Recipient recipient{};
  // Of what is configured of it, secrets resolved; never logged. Two that are equal reach the same other
  // side.
  std::string fingerprint{};
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
  alert,
  motion,
  gap,
  disk
};

// `title` and `text` of a rule, as they were written; empty: the words of the event.
struct Template {
  std::string title{};
  std::string text{};
  bool operator==(const Template&) const = default;
};

// Who is told later, unless somebody acknowledges the event before.
struct Escalation {
  std::chrono::milliseconds after{0};
  std::vector<std::string> to{};  // channel ids
  bool operator==(const Escalation&) const = default;
};

// docs/notifications.md, "Rules", says what each key does and in which order they are asked.
struct Rule {
  Occasion when = Occasion::ring;
  std::vector<std::string> to{};  // channel ids
  bool attach_snapshot = false;
  bool attach_clip = false;
  std::vector<std::string> cameras{};     // ids; empty: all
  std::vector<std::string> persons{};     // names; empty: all
  std::vector<std::string> severities{};  // of alerts; empty: all
  Hours schedule{};                       // empty: always
  Hours quiet{};
  std::chrono::milliseconds cooldown{0};
  std::chrono::milliseconds group{0};
  std::optional<bool> critical{};  // not given: as the event is
  std::optional<Escalation> escalate{};
  Template words{};
  bool operator==(const Rule&) const = default;
};

// What people call a camera, by its id.
using CameraNames = std::map<std::string, std::string>;

struct Options {
  std::vector<ChannelOptions> channels;
  std::vector<Rule> rules;
  // Channels that are told of every event, with its picture, whatever the rules say.
  std::vector<std::string> everything;
  std::chrono::milliseconds link_lifetime{std::chrono::hours{24}};  // of the links in messages
  CameraNames cameras{};
  MqttOptionsPtr broker{};  // null: none is configured
};

// The channel that `mqtt.host` makes: its id, and its type.
inline constexpr const char* mqtt_type = "mqtt";

// Reads `notifications: {channels: […], rules: […]}`; faults go where the section collects them.
// Without rules: rings to every channel with a snapshot, blacklisted persons and security to every
// channel. A rule that names a camera which is not among `cameras` is at fault. With a broker there is one
// channel more, `mqtt`, which no rule names.
Options read_options(config::Section notifications, const CameraNames& cameras = {},
                     const MqttOptionsPtr& broker = nullptr);

}  // namespace porchlight::notify
