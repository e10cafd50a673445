// SPDX-License-Identifier: Apache-2.0
#include "api/account_client.hpp"
#include "porchlight/telemetry/log_levels.hpp"

namespace porchlight::api {
namespace {

using nlohmann::json;
using telemetry::Component;
using telemetry::Level;

constexpr const char* path = "/api/v1/logs/levels";

class LogLevelsRoute : public test::AccountsTest {
 protected:
  void SetUp() override {
    AccountsTest::SetUp();
    telemetry::set_log_levels(Level::info, {});
  }
  void TearDown() override {
    telemetry::override_log_levels({});
    telemetry::set_log_level(Level::critical);
  }
  json put(const json& overrides, int status = 200) {
    const auto reply = ask("PUT", path, login("admin"), json::object({{"overrides", overrides}}));
    EXPECT_EQ(reply.status, status) << reply.body;
    return json::parse(reply.body, nullptr, false);
  }

  const telemetry::Logger log{"doorbell.levels_test", Component::system};
};

TEST_F(LogLevelsRoute, ShowsWhatCountsAndWhy) {
  telemetry::set_log_levels(Level::warning, {{"doorbell.levels_test", Level::error}});
  const auto shown = json::parse(ask("GET", path, login("admin")).body, nullptr, false);
  EXPECT_EQ(shown["level"], "warning");
  EXPECT_EQ(shown["configured"], json::object({{"doorbell.levels_test", "error"}}));
  EXPECT_EQ(shown["overrides"], json::object());
  EXPECT_EQ(shown["loggers"]["doorbell.levels_test"], "error");
  EXPECT_EQ(shown["loggers"]["doorbell.library"], "warning");
}

TEST_F(LogLevelsRoute, PutsOthersInPlaceOfThoseBefore) {
  EXPECT_EQ(put(json::object({{"doorbell.levels_test", "debug"}}))["loggers"]["doorbell.levels_test"],
            "debug");
  const auto changed = put(json::object({{"doorbell.library", "error"}}));
  EXPECT_EQ(changed["overrides"], json::object({{"doorbell.library", "error"}}));
  EXPECT_EQ(changed["loggers"]["doorbell.levels_test"], "info");
  EXPECT_EQ(put(json::object())["loggers"]["doorbell.library"], "info");
}

TEST_F(LogLevelsRoute, AChangeIsOnRecordBeforeAndAfter) {
  put(json::object({{"doorbell.library", "debug"}}));
  std::vector<std::string> changes;
  for (const auto& record : executor.recorded())
    if (record.kind == AuditRecord::Kind::data_modification)
      changes.push_back(record.user + " " + record.resource + " " + record.changes +
                        (record.done ? " done" : ""));
  const std::string said = std::string("admin ") + path + R"( {"doorbell.library":"debug"})";
  EXPECT_THAT(changes, testing::ElementsAre(said, said + " done"));
}

TEST_F(LogLevelsRoute, WhatItDoesNotTakeChangesNothing) {
  const auto admin = login("admin");
  for (const auto* body :
       {"{}", R"({"overrides":[]})", R"({"overrides":{"doorbell":"loud"}})",
        R"({"overrides":{"doorbell":1}})", R"({"overrides":{"Doorbell":"info"}})",
        R"({"overrides":{"":"info"}})", R"({"overrides":{},"x":1})", R"({"level":"debug"})", "[]"})
    EXPECT_EQ(ask("PUT", path, admin, std::string(body)).status, 400) << body;
  json many = json::object();
  for (int n = 0; n <= 64; ++n) many["doorbell.n" + std::to_string(n)] = "debug";
  put(many, 400);
  EXPECT_EQ(ask("GET", std::string(path) + "?x=1", admin).status, 400);
  EXPECT_TRUE(telemetry::log_levels().overrides.empty());
}

TEST_F(LogLevelsRoute, IsForAdministratorsOnly) {
  for (const auto* role : {"user", "viewer", "monitor"}) {
    EXPECT_EQ(ask("GET", path, login(role)).status, 403) << role;
    EXPECT_EQ(ask("PUT", path, login(role), json::object({{"overrides", json::object()}})).status, 403)
        << role;
  }
}

}  // namespace
}  // namespace porchlight::api
