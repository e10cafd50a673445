// SPDX-License-Identifier: Apache-2.0
#include "notify/pagerduty.hpp"

#include <gmock/gmock.h>

#include "notify/sink.hpp"

namespace porchlight::notify {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::Not;
using Kind = Delivery::Kind;

const std::string key = "0123456789abcdef0123456789ABCDEF";
const std::string id = "018bcfe5-6800-7abc-8def-0123456789ab";

std::unique_ptr<Channel> pagerduty(const std::string& url, const std::string& routing_key = key) {
  static const SystemClock clock;
  PagerDutyOptions options;
  options.events.url = url + "/v2/enqueue";
  options.events.secrets = {routing_key};
  options.routing_key = routing_key;
  auto made = PagerDuty::create(std::move(options), clock);
  EXPECT_TRUE(made.ok());
  return std::move(*made);
}

json sent_for(const Message& message) {
  Sink sink("pagerduty");
  const auto delivery = pagerduty(sink.url())->deliver(message, {});
  EXPECT_EQ(delivery.kind, Kind::delivered) << delivery.text;
  return sink.next()["event"];
}

TEST(PagerDuty, ALostCameraTriggersAndItsReturnResolvesTheSameAlert) {
  const auto lost = sent_for(message_of_type("camera_lost", {{"camera", "porch"}, {"fault", "timeout"}}));
  EXPECT_EQ(lost["event_action"], "trigger");
  EXPECT_EQ(lost["dedup_key"], "camera:porch");
  EXPECT_EQ(lost["payload"]["summary"], "A title");
  EXPECT_EQ(lost["payload"]["severity"], "error");
  EXPECT_EQ(lost["payload"]["component"], "porch");
  EXPECT_EQ(lost["payload"]["class"], "camera_lost");
  EXPECT_EQ(lost["payload"]["timestamp"], "2023-11-14T22:13:20.000Z");
  EXPECT_EQ(lost["payload"]["custom_details"]["fault"], "timeout");
  const auto back = sent_for(message_of_type("camera_back", {{"camera", "porch"}}));
  EXPECT_EQ(back, (json{{"routing_key", key}, {"event_action", "resolve"}, {"dedup_key", "camera:porch"}}));
}

TEST(PagerDuty, AnAlertLivesUnderItsFingerprintWithItsSeverity) {
  const std::vector<std::pair<std::string, std::string>> severities{
      {"critical", "critical"}, {"high", "error"}, {"warning", "warning"}, {"medium", "warning"},
      {"low", "info"},          {"info", "info"},  {"strange", "warning"}};
  for (const auto& [ours, theirs] : severities) {
    const auto sent = sent_for(message_of_type(
        "alert", {{"alert", "Disk"}, {"severity", ours}, {"status", "firing"}, {"fingerprint", "c0ffee"}}));
    EXPECT_EQ(sent["payload"]["severity"], theirs);
    EXPECT_EQ(sent["dedup_key"], "alert:c0ffee");
  }
  const auto over = sent_for(message_of_type("alert", {{"status", "resolved"}, {"fingerprint", "c0ffee"}}));
  EXPECT_EQ(over["event_action"], "resolve");
  EXPECT_EQ(over["dedup_key"], "alert:c0ffee");
}

TEST(PagerDuty, TroubleWithADiskIsOneAlertUntilItIsBack) {
  const auto full = sent_for(message_of_type("disk", {{"folder", "/srv"}, {"fault", "almost_full"}}));
  EXPECT_EQ(full["event_action"], "trigger");
  EXPECT_EQ(full["dedup_key"], "disk:/srv");
  EXPECT_EQ(full["payload"]["severity"], "warning");
  const auto back = sent_for(message_of_type("disk", {{"folder", "/srv"}, {"fault", "back"}}));
  EXPECT_EQ(back, (json{{"routing_key", key}, {"event_action", "resolve"}, {"dedup_key", "disk:/srv"}}));
  const auto gap = sent_for(message_of_type("gap", {{"camera", "porch"}, {"cause", "eof"}}));
  EXPECT_EQ(gap["dedup_key"], id);
  EXPECT_EQ(gap["payload"]["severity"], "warning");
}

TEST(PagerDuty, TheEndOfAGapResolvesItAndOpensNothing) {
  json told{{"camera", "porch"}, {"cause", "eof"}, {"start", "2026-11-26T12:00:00.000Z"}, {"seconds", 10}};
  EXPECT_EQ(sent_for(message_of_type("gap", told))["event_action"], "trigger");
  told["end"] = "2026-11-26T12:05:00.000Z";
  EXPECT_EQ(sent_for(message_of_type("gap", told)),
            (json{{"routing_key", key}, {"event_action", "resolve"}, {"dedup_key", id}}));
}

TEST(PagerDuty, ABlacklistedPersonIsCriticalAndARingIsInformation) {
  auto blacklisted = message_of_type("sighting", {{"result", "blacklist_match"}});
  blacklisted.words.critical = true;
  blacklisted.words.link = "https://home.example.org/l/abc";
  const auto critical = sent_for(blacklisted);
  EXPECT_EQ(critical["payload"]["severity"], "critical");
  EXPECT_EQ(critical["dedup_key"], id);
  EXPECT_EQ(critical["links"], (json{{{"href", blacklisted.words.link}, {"text", "Look"}}}));
  EXPECT_EQ(sent_for(ring_message(0))["payload"]["severity"], "info");
  EXPECT_EQ(sent_for(message_of_type("security", {{"kind", "tamper"}}))["payload"]["severity"], "error");
}

TEST(PagerDuty, AnAcknowledgementIsOfTheEventThatItIsAbout) {
  const std::vector<std::pair<json, std::string>> about{
      {{{"event", "ring"}}, id},
      {{{"event", "camera_lost"}, {"camera", "porch"}}, "camera:porch"},
      {{{"event", "alert"}, {"fingerprint", "c0ffee"}}, "alert:c0ffee"},
      {{{"event_id", "018bcfe5-6800-7abc-8def-000000000001"}}, "018bcfe5-6800-7abc-8def-000000000001"}};
  for (const auto& [payload, dedup_key] : about) {
    const auto sent = sent_for(message_of_type("acknowledged", payload));
    EXPECT_EQ(sent["event_action"], "acknowledge");
    EXPECT_EQ(sent["dedup_key"], dedup_key);
  }
}

TEST(PagerDuty, ARingsNameGoesIntoItsAlertAndItsPictureNowhere) {
  Sink sink("pagerduty");
  const auto channel = pagerduty(sink.url());
  auto picture = ring_message(1);
  picture.picture = small_picture();
  EXPECT_EQ(channel->deliver(picture, {}).kind, Kind::delivered);
  EXPECT_EQ(channel->deliver(message_of_type("reply", {{"text", "coming"}}), {}).kind, Kind::delivered);
  EXPECT_EQ(channel->deliver(ring_message(2), {}).kind, Kind::delivered);
  const auto sent = sink.next()["event"];
  EXPECT_EQ(sent["payload"]["summary"], "Someone is at the door: Zoë") << "the first that arrives";
  EXPECT_EQ(sent["dedup_key"], id);
}

TEST(PagerDuty, RefusalsBringTheServersWords) {
  Sink sink("pagerduty", {R"([400, {"status": "invalid event", "message": "Event object is invalid",
                                "errors": ["'routing_key' )" +
                          key + R"( is blank"]}])"});
  const auto delivery = pagerduty(sink.url())->deliver(ring_message(0), {});
  EXPECT_EQ(delivery.kind, Kind::rejected);
  EXPECT_THAT(delivery.text, HasSubstr("Event object is invalid; 'routing_key' … is blank"));
}

TEST(PagerDuty, TooManyCallsAndServerErrorsAreTriedAgainAndOnlyAcceptedIsDelivered) {
  Sink sink("pagerduty", {"[429, {}]", "[500, {}]", "[200, {}]", R"([202, "<html>"])"});
  const auto channel = pagerduty(sink.url());
  for (int i = 0; i < 4; ++i) EXPECT_EQ(channel->deliver(ring_message(0), {}).kind, Kind::retry) << i;
  EXPECT_EQ(channel->deliver(ring_message(0), {}).kind, Kind::delivered);
}

}  // namespace
}  // namespace porchlight::notify
