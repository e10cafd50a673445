// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "notify/mqtt_link.hpp"
#include "notify/mqtt_sender.hpp"
#include "porchlight/notify/channel.hpp"

namespace porchlight::notify {

struct MqttChannelOptions {
  std::string topic;
  bool retain = false;
};

// `type: mqtt` among the channels: the messages of the rules that name it, to a topic of its own, under a
// client id of its own. The picture goes to `<topic>/snapshot`.
class MqttChannel final : public Channel {
 public:
  MqttChannel(MqttOptionsPtr broker, MqttChannelOptions options, const std::string& id, const Clock& clock)
      : options_(std::move(options)),
        broker_(std::move(broker)),
        client_id_(broker_->client_id + "-" + id),
        clock_(clock),
        link_(broker_, client_id_, "", clock),
        sender_(link_, clock) {}

  Delivery deliver(const Message& message, std::stop_token stop) override;
  Status reach(std::stop_token stop) override;
  int descriptor() const noexcept override { return link_.descriptor(); }
  bool wants_to_write() const noexcept override { return link_.wants_to_write(); }
  std::uint64_t connections() const noexcept override { return link_.generation(); }
  void learn(HousePtr house) override;
  void turn() override;
  void leave() override { link_.leave(); }

 private:
  void ask();
  void judge(MqttConnection& connection, const MqttMessage& message);

  const MqttChannelOptions options_;
  const MqttOptionsPtr broker_;
  const std::string client_id_;
  const Clock& clock_;
  MqttLink link_;
  MqttSender sender_;
  // With `retain`: what the broker keeps must not name whoever is forgotten.
  HousePtr house_;
  std::uint64_t asked_ =
      0;  // the connection over which the broker was asked about the people of now; 0: none
};

}  // namespace porchlight::notify
