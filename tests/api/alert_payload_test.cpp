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

TEST(AlertPayload, TakesWhatAlertmanagerSends) {
  const auto read = read_alerts(notification().dump());
  ASSERT_TRUE(read.ok()) << read.error().text();
  ASSERT_EQ(read->size(), 1U);
  const auto& alert = read->front();
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
  EXPECT_EQ(read_alerts(plain.dump())->front().summary, "for 5 minutes");
  EXPECT_FALSE(read_alerts(plain.dump())->front().firing);
}

TEST(AlertPayload, SeveritiesAreTheClosedSet) {
  for (const auto* known : {"critical", "high", "warning", "medium", "low", "info"})
    EXPECT_EQ(severity_of(known), known);
  EXPECT_EQ(severity_of("none"), "info");
  for (const auto* other : {"", "page", "CRITICAL", "error"})
    EXPECT_EQ(severity_of(other), "warning") << other;
}

TEST(AlertPayload, EveryMemberMustBeThereAndOfItsKind) {
  const auto whole = notification();
  for (const auto& [name, value] : whole.items()) {
    auto without = notification();
    without.erase(name);
    EXPECT_EQ(fault_of(without).empty(), name == "truncatedAlerts") << name;
    auto wrong = notification();
    wrong[name] = nullptr;
    EXPECT_THAT(fault_of(wrong), HasSubstr(name)) << name;
  }
  for (const auto& [name, value] : whole["alerts"][0].items()) {
    auto without = notification();
    without["alerts"][0].erase(name);
    EXPECT_THAT(fault_of(without), AllOf(HasSubstr("alerts[0]."), HasSubstr(name), HasSubstr("missing")))
        << name;
    auto wrong = notification();
    wrong["alerts"][0][name] = 7;
    EXPECT_THAT(fault_of(wrong), AllOf(HasSubstr("alerts[0]."), HasSubstr(name))) << name;
  }
}

TEST(AlertPayload, UnknownMembersAreRefusedByTheirPlace) {
  auto top = notification();
  top["extra"] = 1;
  EXPECT_THAT(fault_of(top), HasSubstr("'extra' is not known in version 4"));
  auto below = notification();
  below["alerts"][0]["silenced"] = "s3cret";
  EXPECT_THAT(fault_of(below), AllOf(HasSubstr("alerts[0].'silenced'"), Not(HasSubstr("s3cret"))));
  auto version = notification();
  version["version"] = "5";
  version["extra"] = 1;
  EXPECT_EQ(fault_of(version), "version must be \"4\"");
}

TEST(AlertPayload, IsBounded) {
  auto many = notification();
  for (std::size_t i = 1; i < most_alerts; ++i) many["alerts"].push_back(many["alerts"][0]);
  EXPECT_EQ(fault_of(many), "");
  many["alerts"].push_back(many["alerts"][0]);
  EXPECT_THAT(fault_of(many), HasSubstr("max_alerts"));
  auto labels = notification();
  for (std::size_t i = 0; i <= most_labels; ++i) labels["alerts"][0]["labels"]["l" + std::to_string(i)] = "x";
  EXPECT_THAT(fault_of(labels), HasSubstr("labels has more than 64"));
  auto longer = notification();
  longer["alerts"][0]["labels"]["alertname"] = std::string(longest_label + 1, 'x');
  EXPECT_THAT(fault_of(longer), HasSubstr("longer than 1024"));
  auto text = notification();
  text["alerts"][0]["annotations"]["summary"] = std::string(longest_annotation + 1, 'x');
  EXPECT_THAT(fault_of(text), HasSubstr("longer than 4096"));
}

TEST(AlertPayload, NonsenseIsRefused) {
  EXPECT_FALSE(read_alerts("").ok());
  EXPECT_FALSE(read_alerts("[]").ok());
  EXPECT_FALSE(read_alerts("{").ok());
  const auto with = [](const char* name, const json& value) {
    auto body = notification();
    body["alerts"][0][name] = value;
    return fault_of(body);
  };
  EXPECT_THAT(with("status", "flapping"), HasSubstr("firing or resolved"));
  EXPECT_THAT(with("startsAt", "yesterday"), HasSubstr("startsAt"));
  EXPECT_THAT(with("fingerprint", "../../x"), HasSubstr("fingerprint"));
  EXPECT_THAT(with("fingerprint", ""), HasSubstr("fingerprint"));
  EXPECT_THAT(with("labels", json{{"alertname", 1}}), HasSubstr("must be a text"));
  EXPECT_THAT(with("labels", json::object()), HasSubstr("alertname is missing"));
}

}  // namespace
}  // namespace porchlight::api
