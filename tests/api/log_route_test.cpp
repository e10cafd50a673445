// SPDX-License-Identifier: Apache-2.0
#include "api/account_client.hpp"
#include "porchlight/telemetry/log.hpp"

namespace porchlight::api {
namespace {

using nlohmann::json;
using telemetry::Component;
using testing::ElementsAre;

class LogRoute : public test::AccountsTest {
 protected:
  std::vector<std::string> messages(const std::string& query) {
    const auto reply = ask("GET", "/api/v1/logs" + query, login("admin"));
    EXPECT_EQ(reply.status, 200) << reply.body;
    const auto body = json::parse(reply.body, nullptr, false);
    std::vector<std::string> list;
    for (const auto& record : body["records"]) list.push_back(record.value("message", ""));
    return list;
  }

  const telemetry::Logger log{"doorbell.test", Component::storage};
};

TEST_F(LogRoute, HasTheNewestFirstFromTheLevelOn) {
  telemetry::set_log_level(telemetry::Level::info);
  log.error("the disk fails", {{"password", "canary-secret"}});
  log.warning("the disk is slow");
  log.info("the disk is there");
  EXPECT_THAT(messages("?limit=2"), ElementsAre("the disk is slow", "the disk fails"));
  EXPECT_THAT(messages("?level=error&limit=1"), ElementsAre("the disk fails"));
  EXPECT_EQ(ask("GET", "/api/v1/logs", login("admin")).body.find("canary"), std::string::npos);
}

TEST_F(LogRoute, NamesWhatItDoesNotTake) {
  const auto admin = login("admin");
  for (const auto* query : {"?level=info", "?level=loud", "?limit=0", "?limit=201", "?limit=x", "?since=now"})
    EXPECT_EQ(ask("GET", std::string("/api/v1/logs") + query, admin).status, 400) << query;
}

TEST_F(LogRoute, IsOnRecordAndForAdministratorsOnly) {
  messages("");
  std::vector<std::string> looks;
  for (const auto& record : executor.recorded())
    if (record.kind == AuditRecord::Kind::data_access) looks.push_back(record.user + " " + record.resource);
  EXPECT_THAT(looks, ElementsAre("admin /api/v1/logs"));
  for (const auto* role : {"user", "viewer", "monitor"})
    EXPECT_EQ(ask("GET", "/api/v1/logs", login(role)).status, 403) << role;
}

}  // namespace
}  // namespace porchlight::api
