// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "notify/mqtt_link.hpp"
#include "notify/mqtt_messages.hpp"
#include "notify/mqtt_sender.hpp"
#include "porchlight/notify/channel.hpp"
#include "porchlight/notify/mqtt_options.hpp"

namespace porchlight::notify {

// The house as other programs see it over MQTT: every event, the retained states, Home Assistant's
// discovery, and the commands that come back. Lane thread.
class MqttHouse final : public Channel {
 public:
  MqttHouse(MqttOptionsPtr options, const Clock& clock);

  Delivery deliver(const Message& message, std::stop_token stop) override;
  // As far as the broker's welcome, under an id beside the daemon's.
  Status reach(std::stop_token stop) override;
  void count_in(telemetry::Metrics& metrics) override;
  int descriptor() const noexcept override { return link_.descriptor(); }
  bool wants_to_write() const noexcept override { return link_.wants_to_write(); }
  std::uint64_t connections() const noexcept override { return link_.generation(); }
  void inherit(Channel& former) override;
  void learn(HousePtr house) override;
  void turn() override;
  void leave() override;

 private:
  void greet(MqttConnection& connection);
  void show_all(MqttConnection& connection);
  void show_discovery(MqttConnection& connection, bool again);
  void show_cameras(MqttConnection& connection);
  std::vector<std::string> forget_names();
  void clear_strangers(MqttConnection& connection);
  void hear(MqttConnection& connection, const MqttMessage& message);
  void hear_retained(MqttConnection& connection, const MqttMessage& message);
  void command(const std::string& place, const MqttMessage& message);
  void refuse(const MqttMessage& message, const std::string& why);
  void set_state(MqttConnection& connection, const std::string& topic, std::string payload);
  void show_if_any(MqttConnection& connection, const std::string& topic, std::optional<bool> state);
  void remove(MqttConnection& connection, const std::string& topic);
  bool has_place(const std::string& place) const;
  // Whether the camera has that state at all.
  bool says(const std::string& camera, std::optional<bool> HouseFacts::Camera::*state) const;

  const MqttOptionsPtr options_;
  const Clock& clock_;
  const telemetry::Logger log_{"doorbell.notification", telemetry::Component::notification};
  telemetry::Counter refused_;
  MqttMessages messages_;
  MqttLink link_;
  MqttSender sender_;
  HousePtr house_;
  bool house_is_news_ = false;
  std::uint64_t greeted_ = 0;                  // the connection that was
  std::map<std::string, Publication> states_;  // what the broker should retain, by topic
  std::map<std::string, std::string> shown_;   // configuration messages that it should
  std::vector<MqttMessage> unjudged_;          // retained ones that came before house and people were known
};

}  // namespace porchlight::notify
