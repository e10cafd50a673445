// SPDX-License-Identifier: Apache-2.0
// The door of Alertmanager.
#include <mutex>

#include "api/account_client.hpp"

namespace porchlight::api {
namespace {

using nlohmann::json;
using test::Client;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr const char* path = "/api/v1/alerts/webhook";

json alert(const std::string& name, const std::string& fingerprint = "c6f2a6bd7b1a9e10") {
  return {{"status", "firing"},
          {"labels", {{"alertname", name}, {"severity", "high"}, {"camera_id", "porch"}}},
          {"annotations", {{"summary", "too hot"}}},
          {"startsAt", "2026-01-29T04:20:12Z"},
          {"endsAt", "0001-01-01T00:00:00Z"},
          {"generatorURL", ""},
          {"fingerprint", fingerprint}};
}
json notification(std::vector<json> alerts) {
  return {{"version", "4"},
          {"groupKey", "{}"},
          {"status", "firing"},
          {"receiver", "house"},
          {"groupLabels", json::object()},
          {"commonLabels", json::object()},
          {"commonAnnotations", json::object()},
          {"externalURL", "http://x"},
          {"alerts", std::move(alerts)}};
}

class Alerts : public test::AccountsTest {
 protected:
  void SetUp() override {
    AccountsTest::SetUp();
    house.on_alerts = [this](const std::vector<store::ReceivedAlert>& alerts) -> Result<std::size_t> {
      const std::lock_guard lock(mutex_);
      for (const auto& alert : alerts) taken_.push_back(alert);
      return alerts.size();
    };
    const auto made =
        ask("POST", "/api/v1/tokens", login("admin"), json{{"name", "alertmanager"}, {"kind", "alerts"}});
    EXPECT_EQ(made.status, 201) << made.body;
    token = json::parse(made.body);
    alertmanager.bearer = token.at("token");
  }
  std::vector<store::ReceivedAlert> taken() {
    const std::lock_guard lock(mutex_);
    return taken_;
  }
  json token;
  Client alertmanager;

 private:
  std::mutex mutex_;
  std::vector<store::ReceivedAlert> taken_;
};

TEST_F(Alerts, AreTakenByTheTokenOfTheirOwn) {
  EXPECT_EQ(token["kind"], "alerts");
  EXPECT_EQ(token["scopes"], "alerts");
  EXPECT_TRUE(token["expires"].is_null());
  const auto reply = ask("POST", path, alertmanager, notification({alert("HighCPU"), alert("Hot", "ab")}));
  ASSERT_EQ(reply.status, 200) << reply.body;
  EXPECT_EQ(json::parse(reply.body), (json{{"received", 2}, {"new", 2}, {"refused", 0}}));
  ASSERT_THAT(taken(), SizeIs(2));
  const auto first = taken()[0];
  EXPECT_EQ(first.alert.name, "HighCPU");
  EXPECT_EQ(first.alert.severity, "high");
  EXPECT_EQ(first.alert.camera_id, "porch");
  EXPECT_EQ(first.alert.summary, "too hot");
  EXPECT_EQ(first.alert.header.at, clock.wall());
  EXPECT_EQ(rfc3339(first.starts), "2026-01-29T04:20:12.000Z");
  EXPECT_NE(first.alert.header.id, taken()[1].alert.header.id);
}

TEST_F(Alerts, TheTokenIsGoodForNothingElse) {
  for (const auto* other : {"/metrics", "/health", "/api/v1/status", "/api/v1/events"})
    EXPECT_EQ(ask("GET", other, alertmanager).status, 403) << other;
  Client scraper;
  scraper.bearer = json::parse(ask("POST", "/api/v1/tokens", login("admin"),
                                   json{{"name", "prometheus"}, {"kind", "scrape"}})
                                   .body)
                       .at("token");
  EXPECT_EQ(ask("GET", "/metrics", scraper).status, 200);
  EXPECT_EQ(ask("POST", path, scraper, notification({alert("HighCPU")})).status, 403);
  EXPECT_EQ(ask("POST", path, {}, notification({alert("HighCPU")})).status, 401)
      << "not even from this machine";
  EXPECT_EQ(ask("POST", "/api/v1/tokens", login("user"), json{{"name", "x"}, {"kind", "alerts"}}).status,
            403);
  EXPECT_EQ(ask("DELETE", "/api/v1/tokens/" + token["id"].get<std::string>(), login("admin")).status, 204);
  EXPECT_EQ(ask("POST", path, alertmanager, notification({alert("HighCPU")})).status, 401);
  EXPECT_THAT(taken(), IsEmpty());
}

TEST_F(Alerts, ACameraOfAnotherHouseIsNone) {
  auto foreign = alert("HighCPU");
  foreign["labels"]["camera_id"] = "barn";
  ASSERT_EQ(ask("POST", path, alertmanager, notification({foreign})).status, 200);
  EXPECT_EQ(taken().at(0).alert.camera_id, "");
}

TEST_F(Alerts, TheWatchdogIsNotedAndNotTold) {
  EXPECT_EQ(metric("alerts_watchdog_timestamp_seconds"), -1) << "absent before the first";
  const auto reply = ask("POST", path, alertmanager, notification({alert("Watchdog")}));
  EXPECT_EQ(json::parse(reply.body), (json{{"received", 1}, {"new", 0}, {"refused", 0}}));
  EXPECT_NEAR(metric("alerts_watchdog_timestamp_seconds"),
              std::chrono::duration<double>(clock.wall().time_since_epoch()).count(), 1);
  const auto noted = metric("alerts_watchdog_timestamp_seconds");
  clock.advance(std::chrono::minutes{5});
  auto resolved = alert("Watchdog");
  resolved["status"] = "resolved";
  EXPECT_EQ(ask("POST", path, alertmanager, notification({resolved})).status, 200);
  EXPECT_EQ(metric("alerts_watchdog_timestamp_seconds"), noted);
  EXPECT_THAT(taken(), IsEmpty());
}

TEST_F(Alerts, OneThatIsWrongIsCountedAndTheOthersAreTaken) {
  const auto counted = [this] {
    return metric(R"(errors_total{component="api",error_type="validation",severity="warning"})");
  };
  const auto before = counted();
  auto second = alert("Hot");
  second["startsAt"] = "soon";
  const auto reply =
      ask("POST", path, alertmanager, notification({alert("HighCPU"), second, alert("Wet", "ab")}));
  ASSERT_EQ(reply.status, 200) << reply.body;
  EXPECT_EQ(json::parse(reply.body), (json{{"received", 2}, {"new", 2}, {"refused", 1}}));
  ASSERT_THAT(taken(), SizeIs(2));
  EXPECT_EQ(taken()[1].alert.name, "Wet");
  EXPECT_EQ(counted(), before + 1);
  const auto none = ask("POST", path, alertmanager, notification({second}));
  EXPECT_EQ(none.status, 200) << "to send it again would not make it better";
  EXPECT_EQ(json::parse(none.body), (json{{"received", 0}, {"new", 0}, {"refused", 1}}));
  EXPECT_EQ(counted(), before + 2);
}

TEST_F(Alerts, WhatIsNoNotificationIsRefused) {
  auto other = notification({alert("HighCPU")});
  other["version"] = "3";
  const auto reply = ask("POST", path, alertmanager, other);
  EXPECT_EQ(reply.status, 422);
  EXPECT_EQ(type_of(reply), "urn:porchlight:problem:alert-payload");
  EXPECT_THAT(reply.body, HasSubstr("version must be"));
  EXPECT_EQ(ask("POST", path, alertmanager, "{", "application/json").status, 400);
  EXPECT_EQ(ask("POST", path, alertmanager, "x=1", "application/x-www-form-urlencoded").status, 415);
  EXPECT_EQ(ask("POST", path, alertmanager, std::string(300 << 10, ' '), "application/json").status, 413);
  EXPECT_THAT(taken(), IsEmpty());
}

TEST_F(Alerts, WhatCannotBeStoredNowIsSentAgain) {
  house.on_alerts = nullptr;
  const auto reply = ask("POST", path, alertmanager, notification({alert("HighCPU")}));
  EXPECT_EQ(reply.status, 503) << "Alertmanager repeats what is answered with 5xx";
  EXPECT_EQ(reply.headers.count("retry-after"), 1U);
}

}  // namespace
}  // namespace porchlight::api
