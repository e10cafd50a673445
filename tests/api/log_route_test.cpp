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

TEST_F(LogRoute, FindsByWhatARecordSays) {
  telemetry::set_log_level(telemetry::Level::info);
  const auto since = rfc3339(std::chrono::system_clock::now());
  log.info("found", {{"request_id", "r-77"}});
  log.info("not asked for");
  const telemetry::Logger other("doorbell.test.other", Component::hardware);
  other.info("below");
  const std::string at = "?level=info&since=" + since;
  EXPECT_THAT(messages(at + "&request_id=r-77"), ElementsAre("found"));
  EXPECT_THAT(messages(at + "&component=hardware"), ElementsAre("below"));
  EXPECT_THAT(messages(at + "&logger=doorbell.test"), ElementsAre("below", "not asked for", "found"));
  EXPECT_THAT(messages("?component=hardware&logger=doorbell.test"), ElementsAre());
}

TEST_F(LogRoute, GoesOnWhereItWas) {
  telemetry::set_log_level(telemetry::Level::info);
  const auto admin = login("admin");
  const auto last = [&](const std::string& query) {
    return json::parse(ask("GET", "/api/v1/logs" + query, admin).body, nullptr, false).value("last", 0);
  };
  log.warning("before");
  const auto from = last("?limit=1");
  for (const char* text : {"one", "two", "three"}) log.warning(text);
  const auto rest = "?logger=doorbell.test&limit=2&after=";
  EXPECT_THAT(messages(rest + std::to_string(from)), ElementsAre("two", "one"));
  const auto further = last(rest + std::to_string(from));
  EXPECT_THAT(messages(rest + std::to_string(further)), ElementsAre("three"));
}

TEST_F(LogRoute, NamesWhatItDoesNotTake) {
  const auto admin = login("admin");
  for (const auto* query : {"?level=INFO", "?level=loud", "?component=door", "?after=-1",
                            "?logger=", "?limit=0", "?limit=201", "?limit=x", "?since=now"})
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
