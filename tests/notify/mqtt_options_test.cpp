// SPDX-License-Identifier: Apache-2.0
#include "porchlight/notify/mqtt_options.hpp"

#include <gmock/gmock.h>

#include "porchlight/config/document.hpp"
#include "porchlight/notify/options.hpp"

namespace porchlight::notify {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

struct Reading {
  MqttOptionsPtr broker;
  Options options;
  std::vector<std::string> faults;
};

Reading read(const std::string& yaml) {
  config::Faults faults;
  const auto document = config::Document::parse(yaml, "p.yaml", faults);
  auto root = document.root();
  Reading reading;
  reading.broker = read_mqtt(root.section("mqtt"));
  reading.options = read_options(root.section("notifications"), {}, reading.broker);
  root.finish();
  faults.sort();
  for (const auto& fault : faults.all()) reading.faults.push_back(fault.text());
  return reading;
}

TEST(MqttOptions, NoHostNoBroker) {
  for (const auto* yaml : {"{}", "mqtt: {}", "mqtt: {host: '', port: 1884, discovery: false}"}) {
    const auto reading = read(yaml);
    EXPECT_THAT(reading.faults, IsEmpty());
    EXPECT_EQ(reading.broker, nullptr);
    EXPECT_THAT(reading.options.channels, IsEmpty());
    EXPECT_THAT(reading.options.everything, IsEmpty());
  }
}

TEST(MqttOptions, EveryKeyIsRead) {
  const auto reading = read(
      "mqtt: {host: broker.lan, port: 8883, user: house, password: secret, topic_prefix: home/door, "
      "client_id: d-1, "
      "tls: {ca_file: /dev/null, cert: /dev/null, key: /dev/null}, discovery: false, discovery_prefix: ha}");
  EXPECT_THAT(reading.faults, IsEmpty());
  ASSERT_NE(reading.broker, nullptr);
  const auto& mqtt = *reading.broker;
  EXPECT_EQ(mqtt.host, "broker.lan");
  EXPECT_EQ(mqtt.port, 8883);
  EXPECT_EQ(mqtt.user, "house");
  EXPECT_EQ(mqtt.password, "secret");
  EXPECT_EQ(mqtt.topic_prefix, "home/door");
  EXPECT_EQ(mqtt.client_id, "d-1");
  EXPECT_TRUE(mqtt.tls);
  EXPECT_EQ(mqtt.ca_file, "/dev/null");
  EXPECT_EQ(mqtt.cert, "/dev/null");
  EXPECT_EQ(mqtt.key, "/dev/null");
  EXPECT_FALSE(mqtt.discovery);
  EXPECT_EQ(mqtt.discovery_prefix, "ha");
}

TEST(MqttOptions, DefaultsAreTheDocumentedOnes) {
  const auto reading = read("mqtt: {host: broker}");
  ASSERT_NE(reading.broker, nullptr);
  const auto& mqtt = *reading.broker;
  EXPECT_EQ(mqtt.port, 1883);
  EXPECT_EQ(mqtt.topic_prefix, "porchlight");
  EXPECT_EQ(mqtt.client_id, "porchlight");
  EXPECT_EQ(mqtt.discovery_prefix, "homeassistant");
  EXPECT_TRUE(mqtt.discovery);
  EXPECT_FALSE(mqtt.tls);
  EXPECT_TRUE(read("mqtt: {host: broker, tls: on}").broker->tls);
}

TEST(MqttOptions, HouseIsAChannelThatNoRuleHas) {
  const auto reading = read("{mqtt: {host: broker}, notifications: {channels: [{id: a, type: log}]}}");
  EXPECT_THAT(reading.faults, IsEmpty());
  ASSERT_EQ(reading.options.channels.size(), 2U);
  EXPECT_EQ(reading.options.channels[1].id, "mqtt");
  EXPECT_EQ(reading.options.channels[1].type, "mqtt");
  EXPECT_THAT(reading.options.everything, ElementsAre("mqtt"));
  for (const auto& rule : reading.options.rules) EXPECT_THAT(rule.to, ElementsAre("a"));
  const SystemClock clock;
  for (const auto& channel : reading.options.channels) EXPECT_TRUE(channel.make(clock).ok());
}

TEST(MqttOptions, EachMistakeIsNamedWithItsPlaceAndMend) {
  const std::vector<std::pair<std::string, std::string>> mistakes{
      {"mqtt: {host: 'mqtt://broker'}", "mqtt.host: a name or an address"},
      {"mqtt: {host: 'house:secret-word@broker'}", "mqtt.host: a name or an address"},
      {"mqtt: {host: b, port: 0}", "mqtt.port"},
      {"mqtt: {host: b, prot: 1883}", "did you mean 'port'?"},
      {"mqtt: {host: b, password: secret-word}", "set mqtt.user"},
      {"mqtt: {host: b, topic_prefix: 'a/#'}", "wildcard"},
      {"mqtt: {host: b, topic_prefix: /a}", "begins nor ends"},
      {"mqtt: {host: b, topic_prefix: $SYS}", "belong to the broker"},
      {"mqtt: {host: b, topic_prefix: ''}", "must not be empty"},
      {"mqtt: {host: b, discovery_prefix: '+'}", "mqtt.discovery_prefix"},
      {"mqtt: {host: b, client_id: 'my house'}", "mqtt.client_id"},
      {"mqtt: {host: b, tls: yes please}", "mqtt.tls"},
      {"mqtt: {host: b, tls: {cert: /dev/null}}", "belong together"},
      {"mqtt: {host: b, tls: {ca_file: /nowhere/ca.pem}}", "cannot read '/nowhere/ca.pem'"},
      {"mqtt: {host: b, tls: {ca_flie: /dev/null}}", "did you mean 'ca_file'?"},
      {"mqtt: {host: b, discovery: perhaps}", "mqtt.discovery"},
      {"{mqtt: {host: b}, notifications: {channels: [{id: mqtt, type: log}]}}", "choose another id"},
      {"{mqtt: {host: b}, notifications: {channels: [{id: a, type: mqtt, topic: 'a/+'}]}}", "wildcard"},
      {"notifications: {channels: [{id: a, type: mqtt}]}", "set mqtt.host"},
  };
  for (const auto& [text, expected] : mistakes) {
    const auto reading = read(text);
    SCOPED_TRACE(text);
    ASSERT_EQ(reading.faults.size(), 1U);
    EXPECT_THAT(reading.faults.front(), HasSubstr(expected));
    EXPECT_THAT(reading.faults.front(), HasSubstr("p.yaml:1:"));
    EXPECT_THAT(reading.faults.front(), Not(HasSubstr("secret-word")));
  }
}

}  // namespace
}  // namespace porchlight::notify
