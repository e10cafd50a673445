// SPDX-License-Identifier: Apache-2.0
#include "notify/mqtt_house.hpp"

#include <algorithm>
#include <utility>

#include "notify/home_assistant.hpp"

namespace porchlight::notify {
namespace {

constexpr std::size_t most_unjudged = 1024;

// `topic` is `prefix` + "/" + levels.
std::vector<std::string> levels_below(const std::string& prefix, const std::string& topic) {
  std::vector<std::string> levels;
  if (topic.size() <= prefix.size() || !topic.starts_with(prefix) || topic[prefix.size()] != '/')
    return levels;
  for (std::size_t at = prefix.size() + 1; at <= topic.size();) {
    const auto end = std::min(topic.find('/', at), topic.size());
    levels.push_back(topic.substr(at, end - at));
    at = end + 1;
  }
  return levels;
}

}  // namespace

MqttHouse::MqttHouse(MqttOptionsPtr options, const Clock& clock)
    : options_(std::move(options)),
      clock_(clock),
      messages_(options_->topic_prefix),
      link_(options_, options_->client_id, messages_.topics().available(), clock),
      sender_(link_, clock) {}

void MqttHouse::count_in(telemetry::Metrics& metrics) {
  refused_ = metrics.counter(
      "errors_total", {{"component", "notifier"}, {"error_type", "validation"}, {"severity", "warning"}});
}

Delivery MqttHouse::deliver(const Message& message, std::stop_token stop) {
  const auto publications = messages_.of(message);
  if (!publications) return Delivery::rejected(ErrorCode::corrupt, "the message is damaged");
  auto delivery = sender_.send(message.row.key, *publications, std::move(stop));
  if (delivery.kind == Delivery::Kind::delivered) {
    messages_.taken(message, *publications);
    for (const auto& publication : *publications)
      if (publication.retain) states_[publication.topic] = publication;
  }
  turn();  // the first connection still has to be greeted
  return delivery;
}

Status MqttHouse::reach(std::stop_token stop) {
  MqttLink beside(options_, options_->client_id + "-doctor", "", clock_);
  auto status = beside.connect(stop);
  beside.leave();
  return status;
}

// The states are the house's, whichever broker they go to from now on.
void MqttHouse::inherit(Channel& former) {
  auto* house = dynamic_cast<MqttHouse*>(&former);
  if (house == nullptr || house->options_->topic_prefix != options_->topic_prefix) return;
  messages_.inherit(house->messages_);
  states_ = std::move(house->states_);
}

void MqttHouse::learn(HousePtr house) {
  house_ = std::move(house);
  house_is_news_ = true;
}

void MqttHouse::turn() {
  link_.turn();
  auto* connection = link_.connection();
  if (connection == nullptr) return;
  if (std::exchange(greeted_, link_.generation()) != link_.generation()) greet(*connection);
  for (const auto& message : connection->received()) hear(*connection, message);
  if (std::exchange(house_is_news_, false)) show_all(*connection);
}

// What the broker retained of an earlier life comes first, so that what is stale can be taken back.
void MqttHouse::greet(MqttConnection& connection) {
  const auto& prefix = options_->topic_prefix;
  for (const auto& filter :
       {prefix + "/+/ring/set", prefix + "/+/person", prefix + "/+/connectivity", prefix + "/+/motion",
        prefix + "/+/recording", prefix + "/+/rings", discovery_filter(*options_), birth_topic(*options_)})
    if (!connection.subscribe(filter)) return;
  static_cast<void>(connection.publish({messages_.topics().available(), "online", nullptr, true}, false));
  unjudged_.clear();
  forget_names();
  for (const auto& [topic, state] : states_) static_cast<void>(connection.publish(state, false));
  shown_.clear();
  house_is_news_ = house_ != nullptr;
}

void MqttHouse::show_all(MqttConnection& connection) {
  show_discovery(connection, false);
  show_cameras(connection);
  clear_strangers(connection);
  for (const auto& topic : forget_names()) static_cast<void>(connection.publish(states_.at(topic), false));
  for (const auto& message : std::exchange(unjudged_, {})) hear_retained(connection, message);
}

void MqttHouse::show_discovery(MqttConnection& connection, bool again) {
  auto wanted =
      options_->discovery ? discovery_of(house_->facts, *options_) : std::map<std::string, std::string>();
  for (const auto& [topic, payload] : shown_)
    if (!wanted.contains(topic)) remove(connection, topic);
  for (const auto& [topic, payload] : wanted) {
    const auto shown = shown_.find(topic);
    if (!again && shown != shown_.end() && shown->second == payload) continue;
    static_cast<void>(connection.publish({topic, payload, nullptr, true}, false));
  }
  shown_ = std::move(wanted);
}

void MqttHouse::show_cameras(MqttConnection& connection) {
  for (const auto& camera : house_->facts.cameras) {
    set_state(connection, messages_.topics().of(camera.id, "connectivity"), camera.connected ? "ON" : "OFF");
    show_if_any(connection, messages_.topics().of(camera.id, "motion"), camera.moving);
    show_if_any(connection, messages_.topics().of(camera.id, "recording"), camera.recording);
  }
}

void MqttHouse::show_if_any(MqttConnection& connection, const std::string& topic, std::optional<bool> state) {
  if (state)
    set_state(connection, topic, *state ? "ON" : "OFF");
  else if (states_.erase(topic) > 0)
    remove(connection, topic);
}

void MqttHouse::set_state(MqttConnection& connection, const std::string& topic, std::string payload) {
  auto& state = states_[topic];
  if (state.topic == topic && state.payload == payload) return;
  state = {topic, std::move(payload), nullptr, true};
  static_cast<void>(connection.publish(state, false));
}

void MqttHouse::remove(MqttConnection& connection, const std::string& topic) {
  static_cast<void>(connection.publish({topic, "", nullptr, true}, false));
}

// States of cameras and buttons that are no more.
void MqttHouse::clear_strangers(MqttConnection& connection) {
  std::erase_if(states_, [&](const auto& entry) {
    const auto levels = levels_below(options_->topic_prefix, entry.first);
    if (levels.size() != 2 || has_place(levels.front())) return false;
    remove(connection, entry.first);
    return true;
  });
}

// The topics whose state named somebody who is not enrolled any more.
std::vector<std::string> MqttHouse::forget_names() {
  std::vector<std::string> changed;
  if (!house_ || !house_->facts.people) return changed;
  for (auto& [topic, state] : states_)
    if (topic.ends_with("/person") && !may_stay(state.payload, *house_->facts.people)) {
      state.payload = forgotten_person();
      changed.push_back(topic);
    }
  return changed;
}

bool MqttHouse::has_place(const std::string& place) const {
  const auto& facts = house_->facts;
  return std::any_of(facts.cameras.begin(), facts.cameras.end(),
                     [&](const auto& c) { return c.id == place; }) ||
         std::any_of(facts.buttons.begin(), facts.buttons.end(),
                     [&](const auto& b) { return b.camera.empty() && b.id == place; });
}

void MqttHouse::hear(MqttConnection& connection, const MqttMessage& message) {
  if (message.topic == birth_topic(*options_)) {
    if (message.payload != "online" || message.retained || !house_) return;
    log_.info("Home Assistant has started, its entities are published again");
    show_discovery(connection, true);
    for (const auto& [topic, state] : states_) static_cast<void>(connection.publish(state, false));
    return;
  }
  const auto levels = levels_below(options_->topic_prefix, message.topic);
  if (levels.size() == 3 && levels[1] == "ring" && levels[2] == "set") return command(levels[0], message);
  // What is not retained is our own, coming back.
  if (!message.retained || message.payload.empty()) return;
  hear_retained(connection, message);
}

void MqttHouse::hear_retained(MqttConnection& connection, const MqttMessage& message) {
  if (!house_ || !house_->facts.people) {
    if (unjudged_.size() < most_unjudged) unjudged_.push_back(message);
    return;
  }
  if (message.topic.ends_with("/config")) {
    if (!shown_.contains(message.topic)) remove(connection, message.topic);
    return;
  }
  const auto levels = levels_below(options_->topic_prefix, message.topic);
  if (levels.size() != 2) return;
  if (!has_place(levels[0])) {
    for (const auto* part : retained_parts) remove(connection, messages_.topics().of(levels[0], part));
  } else if ((levels[1] == "motion" && !says(levels[0], &HouseFacts::Camera::moving)) ||
             (levels[1] == "recording" && !says(levels[0], &HouseFacts::Camera::recording))) {
    remove(connection, message.topic);
  } else if (levels[1] == "person" && !states_.contains(message.topic)) {
    // Of an earlier life; it is ours from now on, so that a forget reaches it. What we have said ourselves is
    // newer.
    if (may_stay(message.payload, *house_->facts.people))
      states_[message.topic] = {message.topic, message.payload, nullptr, true};
    else
      set_state(connection, message.topic, forgotten_person());
  }
}

bool MqttHouse::says(const std::string& place, std::optional<bool> HouseFacts::Camera::*state) const {
  const auto& cameras = house_->facts.cameras;
  return std::any_of(cameras.begin(), cameras.end(),
                     [&](const auto& c) { return c.id == place && (c.*state).has_value(); });
}

void MqttHouse::command(const std::string& place, const MqttMessage& message) {
  if (message.retained) return refuse(message, "a retained command would be carried out at every connection");
  if (message.payload != press_payload) return refuse(message, "the payload is not PRESS");
  if (!house_ || !house_->ring) return refuse(message, "the house is not ready yet");
  if (const auto status = house_->ring(place); !status) refuse(message, status.error().text());
}

void MqttHouse::refuse(const MqttMessage& message, const std::string& why) {
  refused_.increment();
  log_.warning("a command over MQTT is refused",
               {{"topic", message.topic},
                {"payload_bytes", static_cast<std::int64_t>(message.payload.size())},
                {"fault", why}});
}

void MqttHouse::leave() {
  if (auto* connection = link_.connection())
    static_cast<void>(connection->publish({messages_.topics().available(), "offline", nullptr, true}, false));
  link_.leave();
}

}  // namespace porchlight::notify
