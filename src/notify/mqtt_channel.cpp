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
  if (const auto status = link_.connect(stop); !status)
    return Delivery::retry(status.error().code(), status.error().text());
  ask();  // before the first word, which is to come back
  return sender_.send(row.key, publications, std::move(stop));
}

void MqttChannel::learn(HousePtr house) {
  if (!house_ || house_->facts.people != house->facts.people) asked_ = 0;
  house_ = std::move(house);
}

// What the broker keeps, only the broker knows: a message may be there whose delivery failed, or one of an
// earlier life. So it is asked anew, by a subscription, whenever somebody may have been forgotten.
void MqttChannel::ask() {
  auto* connection = link_.connection();
  if (connection == nullptr || !options_.retain) return;
  if (std::exchange(asked_, link_.generation()) != link_.generation())
    static_cast<void>(connection->subscribe(options_.topic));
}

void MqttChannel::turn() {
  link_.turn();
  ask();
  auto* connection = link_.connection();
  if (connection == nullptr) return;
  // What comes before it is known who is enrolled comes again then: learn() has it asked for anew.
  const bool can_judge = house_ && house_->facts.people;
  for (const auto& message : connection->received())
    if (can_judge) judge(*connection, message);
}

// Said again without the name, it would look like another event; so the broker is to keep nothing. What is
// not retained is our own, coming back.
void MqttChannel::judge(MqttConnection& connection, const MqttMessage& message) {
  if (message.retained && !may_stay(message.payload, *house_->facts.people))
    static_cast<void>(connection.publish({options_.topic, "", nullptr, true}, false));
}

Status MqttChannel::reach(std::stop_token stop) {
  MqttLink beside(broker_, client_id_ + "-doctor", "", clock_);
  auto status = beside.connect(stop);
  beside.leave();
  return status;
}

}  // namespace porchlight::notify
