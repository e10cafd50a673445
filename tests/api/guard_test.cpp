// SPDX-License-Identifier: Apache-2.0
// Who may come in is judged by the head of a request: no byte of a refused body is waited for.
#include <algorithm>
#include <filesystem>

#include "api/account_client.hpp"

namespace porchlight::api {
namespace {

using test::Client;
using test::Reply;

class Heads : public test::AccountsTest {
 protected:
  static std::string head_of(const std::string& path, const Client& client, const std::string& more) {
    std::string text = "POST " + path + " HTTP/1.1\r\nHost: house\r\nContent-Type: application/json\r\n" +
                       client.more + more;
    if (!client.cookie.empty()) text += "Cookie: " + client.cookie + "\r\n";
    if (!client.csrf.empty()) text += "X-CSRF-Token: " + client.csrf + "\r\n";
    if (!client.bearer.empty()) text += "Authorization: Bearer " + client.bearer + "\r\n";
    return text + "\r\n";
  }
  // The answer to a head whose body never comes; the connection must end after it.
  int answered_without_body(const std::string& path, const Client& client,
                            const std::string& more = "Content-Length: 100\r\n") {
    auto wire = server.tcp();
    wire.send(head_of(path, client, more));
    const auto status = wire.reply().status;
    bool ended = false;
    EXPECT_EQ(wire.rest(&ended), "") << path;
    EXPECT_TRUE(ended) << path;
    return status;
  }
  Client without_csrf(Client client) {
    client.csrf.clear();
    return client;
  }
};

TEST_F(Heads, AStrangersBodyIsNeverRead) {
  for (const std::string length : {"2", "8000", "70000", "1000000000000"}) {
    EXPECT_EQ(answered_without_body("/api/v1/users", {}, "Content-Length: " + length + "\r\n"), 401)
        << length;
    EXPECT_EQ(answered_without_body("/api/v1/users", {},
                                    "Expect: 100-continue\r\nContent-Length: " + length + "\r\n"),
              401)
        << length;
  }
  Client forged;
  forged.bearer = "pls_made-up";
  EXPECT_EQ(answered_without_body("/api/v1/tokens", forged), 401);
}

TEST_F(Heads, RightsAreJudgedBeforeTheBody) {
  EXPECT_EQ(answered_without_body("/api/v1/users", login("viewer")), 403);
  EXPECT_EQ(answered_without_body("/api/v1/buttons/garden/ring", login("user")), 403);
}

TEST_F(Heads, ForgeriesAreSeenBeforeTheBody) {
  const auto admin = login("admin");
  EXPECT_EQ(answered_without_body("/api/v1/users", without_csrf(admin)), 403);
  auto foreign = admin;
  foreign.more = "Origin: https://evil.example\r\n";
  EXPECT_EQ(answered_without_body("/api/v1/users", foreign), 403);
}

TEST_F(Heads, NoPasswordIsAskedForWhereOthersListen) {
  Client proxied;
  proxied.more = "X-Forwarded-For: 203.0.113.9\r\n";
  Client foreign;
  foreign.more = "Origin: https://evil.example\r\n";
  for (const auto* path : {"/api/v1/auth/login", "/api/v1/auth/register"}) {
    EXPECT_EQ(answered_without_body(path, proxied), 403) << path;
    EXPECT_EQ(answered_without_body(path, foreign), 403) << path;
  }
  EXPECT_EQ(hash_calls(), 0U);
}

// The bound of the body is told to those only who may send one.
TEST_F(Heads, WhoMayIsAskedForTheBody) {
  const auto admin = login("admin");
  EXPECT_EQ(answered_without_body("/api/v1/users", admin, "Content-Length: 70000\r\n"), 413);
  const std::string body = R"({"name":"bert","role":"viewer"})";
  auto wire = server.tcp();
  wire.send(head_of("/api/v1/users", admin,
                    "Expect: 100-continue\r\nContent-Length: " + std::to_string(body.size()) + "\r\n"));
  EXPECT_EQ(wire.reply(http::test::Body::none).status, 100);
  EXPECT_EQ(wire.ask(body).status, 201);
}

// What a JsonBody no longer looks at itself.
TEST_F(Heads, RoutesThatNameAContentTypeHoldTheirBodiesAgainstIt) {
  std::size_t seen = 0;
  for (const auto& route : server.server->router().routes()) {
    const bool refuses = std::find(route.statuses.begin(), route.statuses.end(), 415) != route.statuses.end();
    const bool is_link = route.path == "/l/{token}";  // looks at its form's type itself: Links has the test
    EXPECT_EQ(refuses && !is_link, route.payload != http::Payload::any) << route.path;
    seen += refuses ? 1 : 0;
  }
  EXPECT_GE(seen, 8U);
}

TEST_F(Heads, DoubledAndDeepMembersAreRefused) {
  const auto admin = login("admin");
  for (const std::string body : {R"({"name":"bert","name":"anna","role":"viewer"})", R"({"name":"b\u00ff)",
                                 "{\"name\":\"b\xff\",\"role\":\"viewer\"}"})
    EXPECT_EQ(ask("POST", "/api/v1/users", admin, body).status, 400) << body;
  EXPECT_EQ(ask("POST", "/api/v1/users", admin, std::string(500, '[')).status, 400);
  EXPECT_EQ(ask("POST", "/api/v1/users", admin, std::string("{}"), "Application/JSON ; charset=utf-8").status,
            400);  // the right type, however it is spelt; two members are missing
}

// Before the database is open nobody is known, and whoever has proof is not told that it is void.
class TooEarly : public test::AccountsTest {
 protected:
  TooEarly() : AccountsTest(false) {}
  void SetUp() override {}  // there are no accounts yet
  void open() {
    executor.database = true;
    accounts->tick();
    AccountsTest::SetUp();
  }
  static Client with(const char* header) {
    Client client;
    client.more = std::string(header) + "\r\n";
    return client;
  }
};

TEST_F(TooEarly, ProofIsAskedToComeBack) {
  for (const auto* proof :
       {"Authorization: Bearer a.b.c", "Authorization: Bearer pls_x", "Cookie: porchlight=x"}) {
    const auto reply = ask("GET", "/api/v1/status", with(proof));
    EXPECT_EQ(reply.status, 503) << proof;
    EXPECT_EQ(reply.headers.at("retry-after"), "2") << proof;
    EXPECT_EQ(ask("GET", "/health/live", with(proof)).status, 200) << proof;
  }
  EXPECT_EQ(ask("GET", "/api/v1/status").status, 401);
  EXPECT_EQ(ask("GET", "/metrics").status, 200);
  EXPECT_EQ(ask("GET", "/metrics", with("Authorization: Bearer pls_x")).status, 503);
  EXPECT_EQ(metric(R"(jwt_token_validations_total{result="malformed"})"), 0);
  EXPECT_EQ(try_login("user", "x").status, 503);
  open();
  EXPECT_EQ(ask("GET", "/api/v1/status", with("Authorization: Bearer a.b.c")).status, 401);
  EXPECT_EQ(ask("GET", "/api/v1/status", login("user")).status, 200);
}

TEST_F(TooEarly, WaitingForTheDatabaseIsNoError) {
  telemetry::set_log_level(telemetry::Level::error);
  testing::internal::CaptureStderr();
  accounts->tick();
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
  executor.database = true;
  std::filesystem::create_directory(data.path() / "porchlight.db");
  testing::internal::CaptureStderr();
  accounts->tick();
  EXPECT_THAT(testing::internal::GetCapturedStderr(), testing::HasSubstr("nobody can log in"));
}

}  // namespace
}  // namespace porchlight::api
