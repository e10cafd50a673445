// SPDX-License-Identifier: Apache-2.0
// Role × route × camera: walks the table of the running server, so that a route added later is asked for
// here.
#include <algorithm>

#include "api/account_client.hpp"
#include "api/guard.hpp"
#include "api/look_house.hpp"

namespace porchlight::api {
namespace {

using namespace std::chrono_literals;
using test::Client;

const std::vector<std::string> everyone = {"nobody", "monitor", "viewer", "user", "admin"};
const std::vector<std::string> accounts_only = {"monitor", "viewer", "user", "admin"};
const std::vector<std::string> admin_only = {"admin"};

const std::string open_to_all = "any token";
const std::string sessions_only = "no token";
const std::string socket_only = "nothing on the network";

struct Rule {
  std::string scope;               // what a token needs
  std::vector<std::string> roles;  // nobody: without a session, from this machine
  bool by_camera = false;
};

// What each route is meant for, written a second time on purpose.
const std::map<std::string, Rule>& rules() {
  static const std::map<std::string, Rule> table = {
      {"GET /metrics", {"metrics", everyone}},  // viewer and user: see below
      {"GET /health", {"metrics", everyone}},
      {"GET /health/deep", {"metrics", everyone}},
      {"GET /health/live", {open_to_all, everyone}},
      {"GET /health/ready", {open_to_all, everyone}},
      {"GET /health/startup", {open_to_all, everyone}},
      {"GET /", {open_to_all, everyone}},
      {"GET /assets/{file}", {open_to_all, everyone}},
      {"GET /runbooks/{name}", {open_to_all, everyone}},
      {"GET /ca.crt", {open_to_all, everyone}},
      {"GET /l/{token}", {open_to_all, everyone}},  // what the token grants: see Links
      {"GET /l/{token}/snapshot", {open_to_all, everyone}},
      {"POST /l/{token}", {open_to_all, everyone}},
      {"POST /api/v1/events/{id}/acknowledge", {"ring", {"user", "admin"}}},
      {"PUT /api/v1/events/{id}/identity", {"ring", {"user", "admin"}}},
      {"POST /api/v1/alerts/webhook", {"alerts", {"monitor", "admin"}}},
      {"POST /api/v1/auth/login", {open_to_all, everyone}},
      {"GET /api/v1/auth/register", {open_to_all, everyone}},
      {"POST /api/v1/auth/register", {open_to_all, everyone}},
      {"POST /api/v1/auth/logout", {sessions_only, accounts_only}},
      {"POST /api/v1/auth/password", {sessions_only, accounts_only}},
      {"GET /api/v1/auth/session", {"view", accounts_only}},
      {"GET /api/v1/auth/sessions", {sessions_only, accounts_only}},
      {"DELETE /api/v1/auth/sessions/{id}", {sessions_only, accounts_only}},
      {"POST /api/v1/auth/totp", {sessions_only, accounts_only}},
      {"POST /api/v1/auth/totp/confirm", {sessions_only, accounts_only}},
      {"POST /api/v1/auth/totp/disable", {sessions_only, accounts_only}},
      {"GET /api/v1/tokens", {sessions_only, accounts_only}},
      {"POST /api/v1/tokens", {sessions_only, accounts_only}},
      {"DELETE /api/v1/tokens/{id}", {sessions_only, accounts_only}},
      {"GET /api/v1/users", {"manage", admin_only}},
      {"POST /api/v1/users", {sessions_only, admin_only}},
      {"GET /api/v1/users/{id}", {"manage", admin_only}},
      {"PATCH /api/v1/users/{id}", {sessions_only, admin_only}},
      {"DELETE /api/v1/users/{id}", {sessions_only, admin_only}},
      {"GET /api/v1/openapi.json", {"view", accounts_only}},
      {"GET /api/v1/status", {"view", {"viewer", "user", "admin"}}},
      {"POST /api/v1/buttons/{id}/ring", {"ring", {"user", "admin"}, true}},
      {"GET /api/v1/events", {"view", {"viewer", "user", "admin"}}},  // by camera: see EventPermissions
      {"GET /api/v1/events/{id}", {"view", {"viewer", "user", "admin"}}},
      {"GET /api/v1/events/{id}/snapshot", {"view", {"viewer", "user", "admin"}}},
      {"GET /api/v1/events/stream", {"view", {"viewer", "user", "admin"}}},
      {"GET /ws", {"view", {"viewer", "user", "admin"}}},
      {"GET /api/v1/cameras", {"view", {"viewer", "user", "admin"}}},
      {"GET /api/v1/cameras/{id}", {"view", {"viewer", "user", "admin"}, true}},
      {"GET /api/v1/cameras/{id}/snapshot", {"view", {"viewer", "user", "admin"}, true}},
      {"GET /api/v1/cameras/{id}/live", {"view", {"viewer", "user", "admin"}, true}},
      {"GET /api/v1/cameras/{id}/mjpeg", {"view", {"viewer", "user", "admin"}, true}},
      {"GET /hls/{camera}/{file}", {"view", {"viewer", "user", "admin"}, true}},
      {"GET /api/v1/events/{id}/clip",
       {"view", {"viewer", "user", "admin"}}},  // by camera: see FootageRoutes
      {"GET /api/v1/recordings", {"view", {"viewer", "user", "admin"}}},
      {"GET /api/v1/recordings/{id}", {"view", {"viewer", "user", "admin"}}},
      {"GET /api/v1/recordings/{id}/video", {"view", {"viewer", "user", "admin"}}},
      {"GET /api/v1/recordings/{id}/thumbnail", {"view", {"viewer", "user", "admin"}}},
      {"PUT /api/v1/recordings/{id}/protection", {"manage", admin_only}},
      {"DELETE /api/v1/recordings/{id}/protection", {"manage", admin_only}},
      {"GET /api/v1/footage/ledger", {"view", {"viewer", "user", "admin"}}},
      {"GET /api/v1/footage/video", {"view", {"viewer", "user", "admin"}}},
      {"GET /api/v1/people", {"view", {"user", "admin"}}},
      {"POST /api/v1/people", {"manage", admin_only}},
      {"PATCH /api/v1/people/{id}", {"manage", admin_only}},
      {"DELETE /api/v1/people/{id}", {"manage", admin_only}},
      {"GET /api/v1/faces", {"view", {"user", "admin"}}},
      {"GET /api/v1/faces/{id}", {"view", {"user", "admin"}}},
      {"DELETE /api/v1/faces/{id}", {"manage", admin_only}},
      {"POST /api/v1/faces/identify", {"manage", admin_only}},
      {"GET /api/v1/audit", {"manage", admin_only}},
      {"GET /api/v1/audit/verify", {"manage", admin_only}},
      {"GET /api/v1/logs", {"manage", admin_only}},
      {"GET /api/v1/logs/levels", {"manage", admin_only}},
      {"PUT /api/v1/logs/levels", {"manage", admin_only}},
      {"POST /api/v1/outputs/{id}/open", {sessions_only, {"user", "admin"}}},  // by door: see Outputs
      {"GET /api/v1/settings", {"manage", admin_only}},
      {"PUT /api/v1/settings/{section}/{id}", {sessions_only, admin_only}},
      {"DELETE /api/v1/settings/{section}/{id}", {sessions_only, admin_only}},
      {"POST /api/v1/settings/cameras/trial", {sessions_only, admin_only}},
      {"POST /api/v1/settings/channels/{id}/test", {sessions_only, admin_only}},
      {"POST /api/v1/settings/rules/trial", {sessions_only, admin_only}},
      {"POST /api/v1/outputs/{id}/test", {socket_only, {}}},
      {"POST /api/v1/reload", {socket_only, {}}},
      {"POST /api/v1/faces/reload", {socket_only, {}}},
      {"POST /api/v1/outbox/resend", {socket_only, {}}},
      {"POST /api/v1/accounts/reload", {socket_only, {}}},
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
    if (const auto at = path.find("{camera}"); at != std::string::npos) path.replace(at, 8, id);
    if (const auto at = path.find("{file}"); at != std::string::npos && path.starts_with("/hls/"))
      path.replace(at, 6, "main.m3u8");
    if (const auto at = path.find("{token}"); at != std::string::npos) path.replace(at, 7, "none");
    return path;
  }
  // 401 and 403 of the door; the routes' own refusals have other codes for these requests.
  bool is_let_in(const http::Route& route, const std::string& role, const std::string& id) {
    return is_let_in(route, role == "nobody" ? Client{} : login(role), id);
  }
  bool is_let_in(const http::Route& route, const Client& client, const std::string& id) {
    const auto reply = ask(std::string(to_string(route.method)), filled(route.path, id), client);
    EXPECT_NE(reply.status, 0) << named(route);
    const bool hidden = route.visibility == http::Visibility::unix_only;
    EXPECT_EQ(reply.status == 404 && reply.body.find("there is nothing at") != std::string::npos, hidden)
        << named(route);
    // Let in is not what fails behind the door.
    const bool says_503 =
        std::find(route.statuses.begin(), route.statuses.end(), 503) != route.statuses.end();
    EXPECT_TRUE(reply.status < 500 || (reply.status == 503 && says_503))
        << named(route) << ' ' << reply.status;
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
        const bool numbers = route.path == "/metrics" || route.path == "/health" || route.path == "/health/deep";
        if (numbers && (role == "viewer" || role == "user")) meant = false;
        const bool of_camera = route.path.starts_with("/api/v1/cameras/") || route.path.starts_with("/hls/");
        EXPECT_EQ(is_let_in(route, role, of_camera ? house.camera_of_button[button] : button), meant)
            << named(route) << " as " << role << " for " << button;
        ++asked;
      }
    }
  }
  EXPECT_EQ(asked, rules().size() * everyone.size() * 2);
}

// An administrator's role opens every route; what is left to refuse is the scope.
TEST_F(Permissions, EveryRouteWantsItsScopeOfAToken) {
  const auto admin = login("admin");
  std::size_t let_in = 0;
  for (const std::string scope : {"view", "ring", "manage", "metrics", "alerts"}) {
    const auto made = ask("POST", "/api/v1/tokens", admin,
                          nlohmann::json{{"name", scope}, {"scopes", nlohmann::json::array({scope})}});
    ASSERT_EQ(made.status, 201) << made.body;
    Client script;
    script.bearer = nlohmann::json::parse(made.body).at("token");
    for (const auto& route : server.server->router().routes()) {
      const auto& wanted = rules().at(named(route)).scope;
      EXPECT_EQ(is_let_in(route, script, "front"), wanted == scope || wanted == open_to_all)
          << named(route) << " by a token to " << scope;
      let_in += wanted == scope ? 1 : 0;
    }
  }
  EXPECT_GT(let_in, 20U);
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

TEST_F(Permissions, StatusShowsTheCamerasOfTheRightsAndPathsToAdministratorsOnly) {
  house.status =
      R"({"ready":true,"certificate_fault":"/etc/own.pem is expired","cameras":[{"id":"porch"},{"id":"lawn"}],"buttons":[{"id":"front"},{"id":"garden"}],)"
      R"("rings":[{"id":"1","camera":"porch"},{"id":"2","camera":"lawn"},{"id":"3","camera":""}]})";
  const auto seen = nlohmann::json::parse(ask("GET", "/api/v1/status", login("viewer")).body);
  EXPECT_EQ(
      seen,
      nlohmann::json::parse(
          R"({"ready":true,"certificate_fault":"","cameras":[{"id":"porch"}],"buttons":[{"id":"front"}],)"
          R"("rings":[{"id":"1","camera":"porch"}]})"));
  EXPECT_EQ(ask("GET", "/api/v1/status", login("admin")).body, house.status);
}

TEST_F(Permissions, WhoSeesRingsInTheStatusIsOnRecordOnceAMinute) {
  const auto looks = [this] {
    std::vector<std::string> list;
    for (const auto& record : executor.recorded())
      if (record.kind == AuditRecord::Kind::data_access) list.push_back(record.user + " " + record.resource);
    return list;
  };
  const auto viewer = login("viewer");
  house.status = R"({"rings":[],"cameras":[]})";
  EXPECT_EQ(ask("GET", "/api/v1/status", viewer).status, 200);
  house.status = R"({"rings":[{"id":"2","camera":"lawn","person":"Anna"}],"cameras":[]})";
  EXPECT_EQ(ask("GET", "/api/v1/status", viewer).status, 200) << "of a camera that is not granted";
  EXPECT_THAT(looks(), testing::IsEmpty());
  house.status = R"({"rings":[{"id":"1","camera":"porch","person":"Anna"}],"cameras":[]})";
  for (int i = 0; i < 3; ++i) EXPECT_EQ(ask("GET", "/api/v1/status", viewer).status, 200);
  EXPECT_THAT(looks(), testing::ElementsAre("viewer /api/v1/status"));
  auto socket = server.control();
  EXPECT_EQ(socket.ask("GET /api/v1/status HTTP/1.1\r\nHost: x\r\n\r\n").status, 200);
  EXPECT_EQ(looks().size(), 1U);
  clock.advance(std::chrono::seconds{61});
  EXPECT_EQ(ask("GET", "/api/v1/status", viewer).status, 200);
  EXPECT_EQ(looks().size(), 2U);
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

// A page that asks again and again is refused again and again; the trail can be read all the same.
TEST_F(Permissions, RefusalsAreOnRecordOnceAMinuteForCallerAndPath) {
  const auto recorded = [&] {
    std::size_t count = 0;
    for (const auto& record : executor.recorded())
      count += record.kind == AuditRecord::Kind::authorization ? 1 : 0;
    return count;
  };
  const auto user = login("user");
  for (int i = 0; i < 5; ++i) EXPECT_EQ(ask("GET", "/api/v1/users", user).status, 403);
  EXPECT_EQ(recorded(), 1U);
  EXPECT_EQ(
      metric(
          R"(security_events_total{action_taken="blocked",event_type="privilege_escalation",source="api"})"),
      5);
  EXPECT_EQ(ask("GET", "/api/v1/audit", user).status, 403);
  EXPECT_EQ(recorded(), 2U) << "another path";
  EXPECT_EQ(ask("GET", "/api/v1/users", login("viewer")).status, 403);
  EXPECT_EQ(recorded(), 3U) << "another caller";
  clock.advance(std::chrono::seconds(61));
  EXPECT_EQ(ask("GET", "/api/v1/users", user).status, 403);
  EXPECT_EQ(recorded(), 4U) << "another minute";
  clock.advance(std::chrono::seconds(61));
  executor.audit_fails = true;
  EXPECT_EQ(ask("GET", "/api/v1/users", user).status, 403);
  executor.audit_fails = false;
  EXPECT_EQ(ask("GET", "/api/v1/users", user).status, 403);
  EXPECT_EQ(recorded(), 5U) << "what could not be recorded is recorded the next time";
}

TEST_F(Permissions, ForgeriesAreCountedAndOnRecord) {
  auto forged = login("admin");
  forged.csrf.clear();
  Client foreign;
  foreign.more = "Origin: https://evil.example\r\n";
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(ask("POST", "/api/v1/users", forged).status, 403);
    EXPECT_EQ(try_login("admin", "x", foreign).status, 403);
  }
  EXPECT_EQ(
      metric(
          R"(security_events_total{action_taken="blocked",event_type="unauthorized_access",source="api"})"),
      6);
  std::vector<std::pair<std::string, std::string>> refused;
  for (const auto& record : executor.recorded())
    if (record.kind == AuditRecord::Kind::authorization) {
      refused.emplace_back(record.user, record.resource);
      EXPECT_EQ(record.permission, "a page of this house");
      EXPECT_FALSE(record.success);
    }
  EXPECT_THAT(refused, testing::ElementsAre(std::pair<std::string, std::string>{"admin", "/api/v1/users"},
                                            std::pair<std::string, std::string>{"", "/api/v1/auth/login"}));
}

TEST(OnceAMinute, IsBounded) {
  SimulatedClock clock;
  OnceAMinute strict(clock, OnceAMinute::WhenFull::say_no);
  OnceAMinute lavish(clock, OnceAMinute::WhenFull::begin_anew);
  std::size_t strict_new = 0;
  std::size_t lavish_new = 0;
  for (std::size_t i = 0; i < 2 * OnceAMinute::remembered; ++i) {
    strict_new += strict.is_new(std::to_string(i)) ? 1 : 0;
    lavish_new += lavish.is_new(std::to_string(i)) ? 1 : 0;
  }
  EXPECT_EQ(strict_new, OnceAMinute::remembered);
  EXPECT_EQ(lavish_new, 2 * OnceAMinute::remembered);
  EXPECT_FALSE(strict.is_new("0"));
  EXPECT_TRUE(lavish.is_new("0")) << "forgotten";
  clock.advance(OnceAMinute::period);
  EXPECT_TRUE(strict.is_new("yet another"));
}

// The routes of events decide by the event's camera, which no template names.
class EventPermissions : public test::LookTest {
 protected:
  // What the role is told when it asks for that event by itself.
  int expected(const std::string& role, const std::string& camera) const {
    if (role == "nobody") return 401;
    if (role == "monitor") return 403;
    const bool granted =
        role == "admin" || (role == "viewer" && camera == "porch") || (role == "user" && camera == "lawn");
    return granted ? 200 : 404;
  }
};

TEST_F(EventPermissions, RoleByRouteByCamera) {
  std::map<std::string, std::string> id_of;
  for (const std::string camera : {"porch", "lawn", ""}) add_picture(id_of[camera] = ring(camera), "picture");
  const auto of_porch = ring("porch", 1ms);
  const auto of_lawn = ring("lawn", 2ms);
  for (const auto& role : everyone) {
    const auto client = role == "nobody" ? Client{} : login(role);
    const auto list = ask("GET", "/api/v1/events", client);
    auto stream = listen(client, "/api/v1/events/stream", "Last-Event-ID: 0\r\n");
    auto socket = listen(client, "/ws?last_event_id=0");
    const bool sees_any = expected(role, "porch") == 200 || expected(role, "lawn") == 200;
    if (sees_any) {  // the last of what it may see has come, so the rest will not
      const auto& last = role == "viewer" ? of_porch : of_lawn;
      EXPECT_TRUE(stream.hears(last)) << role;
      EXPECT_TRUE(socket.hears(last)) << role;
    } else {
      EXPECT_EQ(list.status, expected(role, "porch"));
      EXPECT_EQ(stream.status, expected(role, "porch"));
      EXPECT_EQ(socket.status, expected(role, "porch"));
    }
    for (const auto& [camera, id] : id_of) {
      const auto said = role + " and an event of '" + camera + "'";
      EXPECT_EQ(ask("GET", "/api/v1/events/" + id, client).status, expected(role, camera)) << said;
      EXPECT_EQ(ask("GET", "/api/v1/events/" + id + "/snapshot", client).status, expected(role, camera))
          << said;
      const bool sees = expected(role, camera) == 200;
      EXPECT_EQ(list.body.find(id) != std::string::npos, sees) << said;
      EXPECT_EQ(stream.seen.find(id) != std::string::npos, sees) << said;
      EXPECT_EQ(socket.seen.find(id) != std::string::npos, sees) << said;
    }
  }
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
