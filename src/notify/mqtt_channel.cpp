// SPDX-License-Identifier: Apache-2.0
#include "notify/mqtt_channel.hpp"

#include <utility>

#include "notify/factory.hpp"
#include "notify/mqtt_messages.hpp"
#include "notify/mqtt_topic.hpp"

namespace porchlight::notify {

ChannelMaker read_mqtt_channel(config::Section& section, const std::string& id,
                               const MqttOptionsPtr& broker) {
  MqttChannelOptions options;
  const auto prefix = broker ? broker->topic_prefix : std::string("porchlight");
  options.topic = section.text("topic", prefix + "/notifications/" + id);
  if (const auto fault = topic_fault(options.topic); !fault.empty()) section.fault("topic", fault);
  options.retain = section.boolean("retain", false);
  if (!broker) section.fault("type", "a channel of type mqtt needs a broker, set mqtt.host");
  return [broker, options, id](const Clock& clock) -> Result<std::unique_ptr<Channel>> {
    if (!broker) return Error(ErrorCode::invalid_argument, "mqtt.host is not set");
    return {std::make_unique<MqttChannel>(broker, options, id, clock)};
  };
}

Delivery MqttChannel::deliver(const Message& message, std::stop_token stop) {
  const auto& row = message.row;
  std::vector<Publication> publications{{options_.topic, row.payload, nullptr, options_.retain}};
  if (message.picture)
    publications.push_back({options_.topic + "/snapshot", "", message.picture, options_.retain});
  for (auto& publication : publications) {
    publication.id = row.key.event_id.text() + ":" + std::to_string(row.key.sequence);
    publication.traceparent = row.traceparent;
  }
  auto delivery = sender_.send(row.key, publications, std::move(stop));
  if (options_.retain && delivery.kind == Delivery::Kind::delivered) kept_ = row.payload;
  return delivery;
}

void MqttChannel::learn(HousePtr house) {
  house_ = std::move(house);
  is_unjudged_ = true;
}

void MqttChannel::turn() {
  link_.turn();
  auto* connection = link_.connection();
  if (connection == nullptr || !options_.retain) return;
  if (std::exchange(greeted_, link_.generation()) != link_.generation())
    static_cast<void>(connection->subscribe(options_.topic));
  adopt_retained(*connection);
  if (is_unjudged_ && house_ && house_->facts.people) clear_forgotten(*connection);
}

// What the broker kept of an earlier life; what comes otherwise is our own, coming back.
void MqttChannel::adopt_retained(MqttConnection& connection) {
  for (auto& message : connection.received()) {
    if (!message.retained || !kept_.empty()) continue;
    kept_ = std::move(message.payload);
    is_unjudged_ = true;
  }
}

// Said again without the name, it would look like another event; so the broker is to keep nothing.
void MqttChannel::clear_forgotten(MqttConnection& connection) {
  is_unjudged_ = false;
  if (may_stay(kept_, *house_->facts.people)) return;
  if (connection.publish({options_.topic, "", nullptr, true}, false))
    kept_.clear();
  else
    is_unjudged_ = true;
}

Status MqttChannel::reach(std::stop_token stop) {
  MqttLink beside(broker_, client_id_ + "-doctor", "", clock_);
  auto status = beside.connect(stop);
  beside.leave();
  return status;
}

}  // namespace porchlight::notify
