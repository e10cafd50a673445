// SPDX-License-Identifier: Apache-2.0
#include "porchlight/notify/alerting.hpp"

#include <gmock/gmock.h>

#include "porchlight/config/document.hpp"
#include "porchlight/notify/rule_engine.hpp"

namespace porchlight::notify {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

std::vector<std::string> texts(std::string_view list) {
  auto parsed = parse_notification_channels(list);
  if (!parsed) return {"!" + parsed.error().text()};
  std::vector<std::string> all;
  for (const auto& entry : *parsed) all.push_back(entry.type + "=" + entry.value);
  return all;
}

TEST(NotificationChannels, SplitsAtCommasThenAtTheFirstColon) {
  EXPECT_THAT(texts("slack:https://hooks.example/T/B:x,email:admin@example.com,pagerduty:key"),
              ElementsAre("slack=https://hooks.example/T/B:x", "email=admin@example.com", "pagerduty=key"));
  EXPECT_THAT(texts(" webhook :\thttps://a.example/x , mqtt: broker:1883 \n"),
              ElementsAre("webhook=https://a.example/x", "mqtt=broker:1883"));
  EXPECT_THAT(texts("webhook:https://a.example/?a=1%2C2%2c3%20%2"),
              ElementsAre("webhook=https://a.example/?a=1,2,3%20%2"));
  EXPECT_THAT(texts("telegram:1:a@-5,push:x"), ElementsAre("telegram=1:a@-5", "push=x"));
}

TEST(NotificationChannels, FaultsNameTheEntryAndItsTypeAndNeverTheValue) {
  EXPECT_THAT(texts("slak:s3cret"),
              ElementsAre(AllOf(HasSubstr("entry 1: unknown type 'slak'"), HasSubstr("slack"))));
  EXPECT_THAT(texts("email:a@b,slack:"), ElementsAre(HasSubstr("entry 2: 'slack' has no value")));
  EXPECT_THAT(texts("slack: ,email:x"), ElementsAre(HasSubstr("'slack' has no value")));
  EXPECT_THAT(texts("slack:s3cret,slack:s3cret2"), ElementsAre(HasSubstr("'slack' is there twice")));
  EXPECT_THAT(texts("email:a,"), ElementsAre(HasSubstr("entry 2: nothing is there")));
  EXPECT_THAT(texts(","), ElementsAre(HasSubstr("entry 1: nothing is there")));
  EXPECT_THAT(texts("SLACK:x"), ElementsAre(HasSubstr("unknown type 'SLACK'")));
  for (const auto* list : {"s3cret", "slack:x,s3cret,email:y", "s3cret-9:ABC", "slak:s3cret", "x1s3cret:y",
                           "slack:s3cret,slack:s3cret", "email:a,:s3cret"})
    EXPECT_THAT(texts(list), ElementsAre(AllOf(testing::StartsWith("!"), Not(HasSubstr("s3cret"))))) << list;
}

struct Reading {
  Options options;
  AlertingOptions alerting;
  std::vector<std::string> faults;
};

Reading read(const std::string& yaml, std::string_view environment = {}) {
  config::Faults faults;
  const auto document = config::Document::parse(yaml, "p.yaml", faults);
  auto root = document.root();
  Reading reading;
  reading.options = read_options(root.section("notifications"));
  reading.alerting = read_alerting(root.section("alerting"), environment, reading.options);
  root.finish();
  faults.sort();
  for (const auto& fault : faults.all()) reading.faults.push_back(fault.text());
  return reading;
}

TEST(Alerting, AnEntryBecomesAChannelThatHearsOfTheHouse) {
  const auto reading =
      read("alerting: {notification_channels: [{type: webhook, config: \"https://a.example/s3cret\"}]}");
  EXPECT_THAT(reading.faults, IsEmpty());
  ASSERT_EQ(reading.options.channels.size(), 1U);
  EXPECT_EQ(reading.options.channels[0].id, "alerting_webhook");
  EXPECT_EQ(reading.options.channels[0].type, "webhook");
  const SystemClock clock;
  EXPECT_TRUE(reading.options.channels[0].make(clock).ok());
  std::map<Occasion, std::size_t> heard;
  for (const auto& rule : reading.options.rules)
    for (const auto& id : rule.to) heard[rule.when] += id == "alerting_webhook" ? 1 : 0;
  EXPECT_EQ(heard[Occasion::alert], 1U);
  EXPECT_EQ(heard[Occasion::camera_lost], 1U);
  EXPECT_EQ(heard[Occasion::camera_back], 1U);
  EXPECT_EQ(heard[Occasion::security], 1U);
  EXPECT_EQ(heard[Occasion::disk], 1U);
  EXPECT_EQ(heard[Occasion::gap], 0U);
  EXPECT_EQ(heard[Occasion::ring], 0U) << "rings are for people";
  RuleEngine engine;
  engine.configure(rule_set_of(reading.options));
  event::Alert alert;
  for (const auto* severity : {"critical", "high", "warning", "medium", "low", "info"}) {
    alert.severity = severity;
    const bool calls = alert.severity != "low" && alert.severity != "info";
    EXPECT_EQ(engine.decide(alert, {}, {}).routes.size(), calls ? 1U : 0U) << severity;
  }
}

TEST(Alerting, LeavesTheOtherChannelsAndRulesAsTheyAre) {
  const std::string yaml = "notifications: {channels: [{id: book, type: log}]}\n";
  const auto alone = read(yaml);
  const auto both =
      read(yaml + "alerting: {notification_channels: [{type: webhook, config: \"https://a.example\"}]}");
  ASSERT_EQ(both.options.rules.size(), alone.options.rules.size() + 5);
  for (std::size_t i = 0; i < alone.options.rules.size(); ++i)
    EXPECT_EQ(both.options.rules[i].to, alone.options.rules[i].to);
}

TEST(Alerting, TheEnvironmentTakesTheListsPlace) {
  const std::string yaml =
      "alerting: {notification_channels: [{type: webhook, config: \"https://file.example\"}]}";
  EXPECT_EQ(read(yaml, "webhook:https://environment.example").alerting.channels.at(0).value,
            "https://environment.example");
  EXPECT_EQ(read(yaml, "").alerting.channels.at(0).value, "https://file.example") << "empty: as if unset";
  EXPECT_THAT(read(yaml, "slak:s3cret").faults,
              ElementsAre(AllOf(HasSubstr("NOTIFICATION_CHANNELS: entry 1: unknown type 'slak'"),
                                Not(HasSubstr("s3cret")))));
}

TEST(Alerting, WhatCannotBeUsedIsSaidWithoutTheValue) {
  const auto faults = [](const std::string& list) {
    return read("alerting: {notification_channels: [" + list + "]}").faults;
  };
  EXPECT_THAT(
      faults("{type: webhook, config: \"ftp://s3cret\"}"),
      ElementsAre(AllOf(HasSubstr("'webhook' cannot be used"), HasSubstr("url"), Not(HasSubstr("s3cret")))));
  EXPECT_THAT(faults("{type: push, config: s3cret}"),
              ElementsAre(HasSubstr("'push' is not in this version")));
  EXPECT_THAT(faults("{type: slak, config: s3cret}"),
              ElementsAre(AllOf(HasSubstr("unknown type 'slak'"), Not(HasSubstr("s3cret")))));
  EXPECT_THAT(
      faults(
          "{type: webhook, config: \"https://a.example\"}, {type: webhook, config: \"https://b.example\"}"),
      testing::Contains(HasSubstr("is there twice")));
  EXPECT_THAT(faults("{type: webhook}"), ElementsAre(HasSubstr("config")));
  EXPECT_THAT(read("notifications: {channels: [{id: alerting_webhook, type: log}]}\n"
                   "alerting: {notification_channels: [{type: webhook, config: \"https://a.example\"}]}")
                  .faults,
              ElementsAre(HasSubstr("has one of that id already")));
}

TEST(Alerting, WhatIsForAlertmanagerOnlyMakesNoChannel) {
  const std::string smtp = "smtp: {server: \"smtp://mail.example\", from: door@example.org}";
  const auto reading =
      read("alerting: {" + smtp +
           ", managers: [anna@example.org, ben@example.org], slack_channel: \"#vms-alerts\", "
           "sms_webhook: \"https://sms.example/s3cret\", dead_mans_switch: \"https://dead.example/s3cret\"}");
  EXPECT_THAT(reading.faults, IsEmpty());
  EXPECT_THAT(reading.options.channels, IsEmpty());
  EXPECT_THAT(reading.alerting.managers, ElementsAre("anna@example.org", "ben@example.org"));
  EXPECT_EQ(reading.alerting.slack_channel, "#vms-alerts");
  EXPECT_EQ(reading.alerting.sms_webhook, "https://sms.example/s3cret");
  EXPECT_EQ(reading.alerting.dead_mans_switch, "https://dead.example/s3cret");
  EXPECT_THAT(read("alerting: {managers: [anna@example.org]}").faults,
              ElementsAre(HasSubstr("needs the server that takes its mail")));
  EXPECT_THAT(read("alerting: {" + smtp + ", managers: [anna@example.org, \"s3cret <x\"]}").faults,
              ElementsAre(AllOf(HasSubstr("address 2 is no plain mail address"), Not(HasSubstr("s3cret")))));
  for (const std::string key : {"sms_webhook", "dead_mans_switch"})
    EXPECT_THAT(read("alerting: {" + key + ": \"ftp://s3cret\"}").faults,
                ElementsAre(AllOf(HasSubstr("alerting." + key), Not(HasSubstr("s3cret")))));
}

}  // namespace
}  // namespace porchlight::notify
