// SPDX-License-Identifier: Apache-2.0
#include "api/alert_payload.hpp"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

namespace porchlight::api {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

// As Alertmanager 0.25 sends it.
json notification() {
  return json::parse(R"({
    "receiver":"house","status":"firing","version":"4","groupKey":"{}:{alertname=\"HighCPU\"}","truncatedAlerts":0,
    "groupLabels":{"alertname":"HighCPU"},"commonLabels":{"alertname":"HighCPU","severity":"high"},
    "commonAnnotations":{},"externalURL":"http://prometheus:9093",
    "alerts":[{"status":"firing","labels":{"alertname":"HighCPU","severity":"high","camera_id":"front"},
      "annotations":{"summary":"CPU at 97 %","description":"for 5 minutes"},
      "startsAt":"2026-01-29T04:20:12.950123456Z","endsAt":"0001-01-01T00:00:00Z",
      "generatorURL":"http://prometheus:9090/graph?g0.expr=up","fingerprint":"c6f2a6bd7b1a9e10"}]})");
}

std::string fault_of(const json& body) {
  const auto read = read_alerts(body.dump());
  return read ? "" : read.error().text();
}

// Of a notification whose second alert is wrong like that: why it is not taken.
std::string refusal_of(const json& alert) {
  auto body = notification();
  body["alerts"].push_back(alert);
  body["alerts"].push_back(body["alerts"][0]);
  const auto read = read_alerts(body.dump());
  if (!read) return "everything: " + read.error().text();
  if (read->alerts.size() != 2) return "not the others";
  EXPECT_EQ(read->refused, read->faults.size());
  return read->faults.empty() ? "" : read->faults.front();
}

TEST(AlertPayload, TakesWhatAlertmanagerSends) {
  const auto read = read_alerts(notification().dump());
  ASSERT_TRUE(read.ok()) << read.error().text();
  ASSERT_EQ(read->alerts.size(), 1U);
  EXPECT_EQ(read->refused, 0U);
  const auto& alert = read->alerts.front();
  EXPECT_EQ(alert.name, "HighCPU");
  EXPECT_EQ(alert.severity, "high");
  EXPECT_TRUE(alert.firing);
  EXPECT_EQ(alert.summary, "CPU at 97 %");
  EXPECT_EQ(alert.fingerprint, "c6f2a6bd7b1a9e10");
  EXPECT_EQ(alert.camera, "front");
  EXPECT_EQ(rfc3339(alert.starts), "2026-01-29T04:20:12.950Z");
  auto plain = notification();
  plain["alerts"][0]["annotations"].erase("summary");
  plain["alerts"][0]["status"] = "resolved";
  plain.erase("truncatedAlerts");
  EXPECT_EQ(read_alerts(plain.dump())->alerts.front().summary, "for 5 minutes");
  EXPECT_FALSE(read_alerts(plain.dump())->alerts.front().firing);
}

TEST(AlertPayload, SeveritiesAreTheClosedSet) {
  for (const auto* known : {"critical", "high", "warning", "medium", "low", "info"})
    EXPECT_EQ(severity_of(known), known);
  EXPECT_EQ(severity_of("none"), "info");
  for (const auto* other : {"", "page", "CRITICAL", "error"})
    EXPECT_EQ(severity_of(other), "warning") << other;
}

TEST(AlertPayload, OneBadAlertDoesNotKeepTheOthers) {
  const auto whole = notification()["alerts"][0];
  const auto with = [&](const char* name, const json& value) {
    auto alert = whole;
    alert[name] = value;
    return refusal_of(alert);
  };
  const auto without = [&](const char* name) {
    auto alert = whole;
    alert.erase(name);
    return refusal_of(alert);
  };
  EXPECT_EQ(refusal_of(7), "alerts[1] is no object");
  for (const json& wrong : {json("flapping"), json(7), json()})
    EXPECT_THAT(with("status", wrong), HasSubstr("alerts[1].status"));
  EXPECT_THAT(with("startsAt", "yesterday"), HasSubstr("alerts[1].startsAt"));
  EXPECT_THAT(without("startsAt"), HasSubstr("alerts[1].startsAt"));
  for (const json& wrong : {json("../../x"), json(""), json(7), json(std::string(65, 'a'))})
    EXPECT_THAT(with("fingerprint", wrong), HasSubstr("alerts[1].fingerprint"));
  EXPECT_THAT(with("labels", 7), HasSubstr("alerts[1].labels"));
  EXPECT_THAT(without("labels"), HasSubstr("alerts[1].labels"));
  for (const json& wrong : {json{{"alertname", 1}}, json{{"alertname", ""}}, json::object()})
    EXPECT_THAT(with("labels", wrong), HasSubstr("alerts[1].labels.alertname"));
  EXPECT_THAT(with("labels", json{{"alertname", {{"s3cret", "s3cret"}}}}), Not(HasSubstr("s3cret")));
}

TEST(AlertPayload, WhatIsNotReadMayBeAnything) {
  auto body = notification();
  for (const auto* name : {"receiver", "groupKey", "groupLabels", "commonLabels", "externalURL", "status"})
    body.erase(name);
  body["commonAnnotations"] = body["truncatedAlerts"] = "of a later Alertmanager";
  body["silences"] = json::array({1});
  body["alerts"][0]["mutedBy"] = "x";
  for (const auto* name : {"endsAt", "generatorURL", "annotations"}) body["alerts"][0].erase(name);
  body["alerts"][0]["labels"]["severity"] = 7;
  for (int i = 0; i < 200; ++i) body["alerts"][0]["labels"]["l" + std::to_string(i)] = i;
  const auto read = read_alerts(body.dump());
  ASSERT_TRUE(read.ok()) << read.error().text();
  EXPECT_EQ(read->refused, 0U);
  ASSERT_EQ(read->alerts.size(), 1U);
  EXPECT_EQ(read->alerts[0].name, "HighCPU");
  EXPECT_EQ(read->alerts[0].severity, "warning") << "one that cannot be read is as none";
}

TEST(AlertPayload, WhatIsTooLongIsClippedAndWhatIsTooManyIsNotTaken) {
  auto body = notification();
  body["alerts"][0]["labels"]["alertname"] = std::string(longest_label - 1, 'x') + "ë";
  body["alerts"][0]["annotations"]["summary"] = std::string(longest_annotation + 1, 'x');
  const auto clipped = read_alerts(body.dump());
  ASSERT_TRUE(clipped.ok());
  EXPECT_EQ(clipped->alerts.at(0).name, std::string(longest_label - 1, 'x')) << "a whole character less";
  EXPECT_EQ(clipped->alerts[0].summary.size(), longest_annotation);
  auto many = notification();
  for (std::size_t i = 1; i < most_alerts; ++i) many["alerts"].push_back(many["alerts"][0]);
  EXPECT_EQ(read_alerts(many.dump())->refused, 0U);
  for (int i = 0; i < 3; ++i) many["alerts"].push_back(many["alerts"][0]);
  const auto taken = read_alerts(many.dump());
  EXPECT_EQ(taken->alerts.size(), most_alerts);
  EXPECT_EQ(taken->refused, 3U);
  ASSERT_EQ(taken->faults.size(), 1U);
  EXPECT_THAT(taken->faults[0], AllOf(HasSubstr("alerts[100]"), HasSubstr("max_alerts")));
}

TEST(AlertPayload, WhatIsNoNotificationIsRefusedWhole) {
  EXPECT_FALSE(read_alerts("").ok());
  EXPECT_FALSE(read_alerts("{").ok());
  EXPECT_FALSE(read_alerts("[]").ok());
  EXPECT_FALSE(read_alerts("{}").ok());
  auto version = notification();
  version["version"] = "5";
  version["alerts"] = 7;
  EXPECT_EQ(fault_of(version), "version must be \"4\"");
  auto list = notification();
  list["alerts"] = json::object();
  EXPECT_EQ(fault_of(list), "alerts must be a list");
  list.erase("alerts");
  EXPECT_EQ(fault_of(list), "alerts must be a list");
  auto none = notification();
  none["alerts"] = json::array();
  EXPECT_EQ(fault_of(none), "");
}

}  // namespace
}  // namespace porchlight::api
