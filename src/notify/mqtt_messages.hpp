// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "notify/mqtt_connection.hpp"
#include "porchlight/notify/channel.hpp"
#include "porchlight/notify/house.hpp"

namespace porchlight::notify {

// What other programs find under the topic prefix; docs/home-assistant.md has the table. `place` is a
// camera's id, or a button's that has no camera.
struct MqttTopics {
  std::string prefix;
  std::string of(const std::string& place, const char* what) const {
    return prefix + "/" + place + "/" + what;
  }
  std::string available() const { return prefix + "/available"; }
  std::string events() const { return prefix + "/events"; }
};

// The parts of a place's topics that the broker retains.
inline constexpr const char* retained_parts[] = {"connectivity", "motion",         "recording",
                                                 "last_ring",    "rings",          "person",
                                                 "snapshot",     "visitors_known", "visitors_unknown"};

// Turns messages of the outbox into publications, and counts rings and visitors since the daemon's start. One
// thread.
class MqttMessages {
 public:
  explicit MqttMessages(std::string prefix) : topics_{std::move(prefix)} {}

  // What a message publishes, each to a topic of its own; nothing when its payload cannot be read. A
  // repetition counts nothing again. A state that is older than what its topic says is left out. Whom it
  // names may be named: the lane has taken out who is forgotten.
  std::optional<std::vector<Publication>> of(const Message& message);
  // The broker has it: the topics of its states say nothing older from now on.
  void taken(const Message& message, const std::vector<Publication>& publications);
  // Goes on where a former one of the same prefix ended.
  void inherit(MqttMessages& former);

  const MqttTopics& topics() const noexcept { return topics_; }

 private:
  struct Reading;
  void add_ring(Reading& reading);
  void add_visitor(Reading& reading, bool count_it);
  void add_state(Reading& reading, const char* part, std::string payload, store::JpegBytes picture = nullptr);
  std::string count(const Reading& reading, const char* part);
  bool is_first_time(const store::RowKey& key);

  const MqttTopics topics_;
  std::map<std::string, std::uint64_t> counts_;  // by topic
  std::map<std::string, WallTime> newest_;       // by topic of a state
  std::set<store::RowKey> counted_;
  std::deque<store::RowKey> counted_order_;
};

// Instead of the last visitor, when that person was forgotten.
std::string forgotten_person();
// Whether a retained payload may stay: it names nobody who is not among `people`; and, where it is not empty,
// it can be read.
bool may_stay(const std::string& payload, const std::set<std::string>& people);

}  // namespace porchlight::notify
