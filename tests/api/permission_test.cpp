// SPDX-License-Identifier: Apache-2.0
// Role × route × camera: walks the table of the running server, so that a route added later is asked for
// here.
#include <algorithm>

#include "api/account_client.hpp"
#include "api/guard.hpp"

namespace porchlight::api {
namespace {

using test::Client;

const std::vector<std::string> everyone = {"nobody", "monitor", "viewer", "user", "admin"};
const std::vector<std::string> accounts_only = {"monitor", "viewer", "user", "admin"};
const std::vector<std::string> admin_only = {"admin"};

struct Rule {
  std::vector<std::string> roles;  // nobody: without a session, from this machine
  bool by_camera = false;
};

// What each route is meant for, written a second time on purpose.
const std::map<std::string, Rule>& rules() {
  static const std::map<std::string, Rule> table = {
      {"GET /metrics", {everyone}},  // viewer and user: see below
      {"GET /health", {everyone}},
      {"GET /health/live", {everyone}},
      {"GET /health/ready", {everyone}},
      {"GET /health/startup", {everyone}},
      {"GET /ca.crt", {everyone}},
      {"POST /api/v1/auth/login", {everyone}},
      {"POST /api/v1/auth/register", {everyone}},
      {"POST /api/v1/auth/logout", {accounts_only}},
      {"POST /api/v1/auth/password", {accounts_only}},
      {"GET /api/v1/auth/session", {accounts_only}},
      {"GET /api/v1/auth/sessions", {accounts_only}},
      {"DELETE /api/v1/auth/sessions/{id}", {accounts_only}},
      {"POST /api/v1/auth/totp", {accounts_only}},
      {"POST /api/v1/auth/totp/confirm", {accounts_only}},
      {"POST /api/v1/auth/totp/disable", {accounts_only}},
      {"GET /api/v1/tokens", {accounts_only}},
      {"POST /api/v1/tokens", {accounts_only}},
      {"DELETE /api/v1/tokens/{id}", {accounts_only}},
      {"GET /api/v1/users", {admin_only}},
      {"POST /api/v1/users", {admin_only}},
      {"GET /api/v1/users/{id}", {admin_only}},
      {"PATCH /api/v1/users/{id}", {admin_only}},
      {"DELETE /api/v1/users/{id}", {admin_only}},
      {"GET /api/v1/status", {{"viewer", "user", "admin"}}},
      {"POST /api/v1/buttons/{id}/ring", {{"user", "admin"}, true}},
      {"POST /api/v1/reload", {{}}},
      {"POST /api/v1/faces/reload", {{}}},
      {"POST /api/v1/accounts/reload", {{}}},
  };
  return table;
}

class Permissions : public test::AccountsTest {
 protected:
  void SetUp() override {
    AccountsTest::SetUp();
    house.on_ring = [](const RingOrder&, const Answer<RingAccepted>& answer) { answer(RingAccepted{}); };
    // Everybody but the admin sees the camera of one button only.
    for (const auto* name : {"user", "viewer", "monitor"}) {
      auto account = *stored().find(name);
      account->cameras = {false, {"porch"}};
      ASSERT_TRUE(stored().change(*account));
    }
    reload();
  }
  std::string named(const http::Route& route) const {
    return std::string(to_string(route.method)) + " " + route.path;
  }
  static std::string filled(std::string path, const std::string& id) {
    if (const auto at = path.find("{id}"); at != std::string::npos) path.replace(at, 4, id);
    return path;
  }
  // 401 and 403 of the door; the routes' own refusals have other codes for these requests.
  bool is_let_in(const http::Route& route, const std::string& role, const std::string& id) {
    const auto client = role == "nobody" ? Client{} : login(role);
    const auto reply = ask(std::string(to_string(route.method)), filled(route.path, id), client);
    EXPECT_NE(reply.status, 0) << named(route);
    const bool hidden = route.visibility == http::Visibility::unix_only;
    EXPECT_EQ(reply.status == 404 && reply.body.find("there is nothing at") != std::string::npos, hidden)
        << named(route);
    return !hidden && reply.status != 401 && reply.status != 403;
  }
};

TEST_F(Permissions, EveryRouteLetsInWhomItIsMeantForAndNobodyElse) {
  std::size_t asked = 0;
  for (const auto& route : server.server->router().routes()) {
    const auto rule = rules().find(named(route));
    ASSERT_NE(rule, rules().end()) << named(route) << ": say here whom it is meant for";
    for (const auto& role : everyone) {
      for (const std::string button : {"front", "garden"}) {  // garden's camera is the admin's alone
        const auto& roles = rule->second.roles;
        bool meant = std::find(roles.begin(), roles.end(), role) != roles.end();
        if (rule->second.by_camera && button == "garden" && role != "admin") meant = false;
        // Numbers are for the machine itself and for monitors, not for whoever may look at pictures.
        const bool numbers = route.path == "/metrics" || route.path == "/health";
        if (numbers && (role == "viewer" || role == "user")) meant = false;
        EXPECT_EQ(is_let_in(route, role, button), meant)
            << named(route) << " as " << role << " for " << button;
        ++asked;
      }
    }
  }
  EXPECT_EQ(asked, rules().size() * everyone.size() * 2);
}

TEST_F(Permissions, WithoutRightsNoCameraIsSeen) {
  auto account = *stored().find("user");
  account->cameras = {};
  ASSERT_TRUE(stored().change(*account));
  reload();
  EXPECT_EQ(ask("POST", "/api/v1/buttons/front/ring", login("user")).status, 403);
  // What is not there is told from what is forbidden only by who may see everything.
  EXPECT_EQ(ask("POST", "/api/v1/buttons/attic/ring", login("user")).status, 403);
  EXPECT_EQ(ask("POST", "/api/v1/buttons/attic/ring", login("admin")).status, 404);
}

TEST_F(Permissions, StatusShowsTheCamerasOfTheRightsOnly) {
  house.status =
      R"({"ready":true,"cameras":[{"id":"porch"},{"id":"lawn"}],"buttons":[{"id":"front"},{"id":"garden"}],)"
      R"("rings":[{"id":"1","camera":"porch"},{"id":"2","camera":"lawn"},{"id":"3","camera":""}]})";
  const auto seen = nlohmann::json::parse(ask("GET", "/api/v1/status", login("viewer")).body);
  EXPECT_EQ(seen,
            nlohmann::json::parse(R"({"ready":true,"cameras":[{"id":"porch"}],"buttons":[{"id":"front"}],)"
                                  R"("rings":[{"id":"1","camera":"porch"}]})"));
  EXPECT_EQ(ask("GET", "/api/v1/status", login("admin")).body, house.status);
}

TEST_F(Permissions, RingOverTheNetworkSaysSo) {
  std::optional<event::TriggerSource> source;
  house.on_ring = [&](const RingOrder& order, const Answer<RingAccepted>& answer) {
    source = order.source;
    answer(RingAccepted{});
  };
  EXPECT_EQ(ask("POST", "/api/v1/buttons/front/ring?source=cli", login("user")).status, 200);
  server.stop();
  EXPECT_EQ(source, event::TriggerSource::api);
}

TEST_F(Permissions, LoopbackNeedsNoLoginForNumbersUnlessSomebodyForwards) {
  EXPECT_EQ(ask("GET", "/metrics").status, 200);
  for (const auto* header :
       {"Forwarded: for=203.0.113.9", "X-Forwarded-For: 127.0.0.1", "x-forwarded-proto: https"}) {
    Client proxied;
    proxied.more = std::string(header) + "\r\n";
    EXPECT_EQ(ask("GET", "/metrics", proxied).status, 401) << header;
    EXPECT_EQ(ask("GET", "/health", proxied).status, 401) << header;
    EXPECT_EQ(ask("GET", "/health/live", proxied).status, 200) << header;
  }
}

TEST_F(Permissions, RefusalsAreCountedAndRecorded) {
  EXPECT_EQ(ask("GET", "/api/v1/users", login("user")).status, 403);
  EXPECT_EQ(
      metric(
          R"(security_events_total{action_taken="blocked",event_type="privilege_escalation",source="api"})"),
      1);
  EXPECT_EQ(ask("POST", "/api/v1/buttons/garden/ring", login("user")).status, 403);
  EXPECT_EQ(
      metric(
          R"(security_events_total{action_taken="blocked",event_type="unauthorized_access",source="api"})"),
      1);
  const auto record = executor.recorded().back();
  EXPECT_EQ(record.kind, AuditRecord::Kind::authorization);
  EXPECT_EQ(record.user, "user");
  EXPECT_EQ(record.permission, "user camera 'garden'");
  EXPECT_FALSE(record.success);
}

TEST(GuardDeathTest, RouteWithoutAPermissionDoesNotStart) {
  http::Router router;
  router.add({.method = http::Method::get,
              .path = "/api/v1/forgotten",
              .handler = [](const http::Request&, const http::Responder&) {}});
  EXPECT_DEATH(Guard::expect_complete(router, {}), "GET /api/v1/forgotten declares no permission");
  EXPECT_DEATH(
      Guard::expect_complete(router, {{{http::Method::post, "/api/v1/forgotten"}, Access::everyone()}}),
      "declares no permission");
  Guard::expect_complete(router, {{{http::Method::get, "/api/v1/forgotten"}, Access::everyone()}});
}

}  // namespace
}  // namespace porchlight::api
