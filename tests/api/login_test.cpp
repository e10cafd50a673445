// SPDX-License-Identifier: Apache-2.0
#include "api/account_client.hpp"

namespace porchlight::api {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using test::Client;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class Login : public test::AccountsTest {
 protected:
  int session_status(const Client& client) { return ask("GET", "/api/v1/auth/session", client).status; }
};

TEST_F(Login, MakesASessionAndLogoutEndsIt) {
  const auto reply = try_login("user", password_of("user"));
  ASSERT_EQ(reply.status, 200) << reply.body;
  const auto& cookie = reply.headers.at("set-cookie");
  EXPECT_THAT(cookie, AllOf(testing::StartsWith("porchlight="), HasSubstr("; HttpOnly"),
                            HasSubstr("; SameSite=Strict"), HasSubstr("; Path=/")));
  EXPECT_THAT(cookie, Not(HasSubstr("Domain")));
  const auto client = client_of(reply);
  const auto who = ask("GET", "/api/v1/auth/session", client);
  EXPECT_EQ(who.status, 200);
  EXPECT_EQ(json::parse(who.body)["user"]["name"], "user");
  EXPECT_EQ(json::parse(who.body)["csrf_token"], client.csrf);
  EXPECT_EQ(metric("successful_logins_total"), 1);
  EXPECT_EQ(metric("user_sessions_active"), 1);
  EXPECT_EQ(metric("user_login_duration_seconds_count"), 1);
  EXPECT_EQ(ask("POST", "/api/v1/auth/logout", client).status, 204);
  EXPECT_EQ(session_status(client), 401);
  EXPECT_EQ(metric("user_sessions_active"), 0);
}

TEST_F(Login, SessionsInMemoryAreACache) {
  const auto client = client_of(try_login("user", password_of("user")));
  EXPECT_EQ(metric(R"(cache_requests_total{cache="session",result="hit"})"), 0);
  const auto bytes = metric(R"(cache_size_bytes{cache="session"})");
  EXPECT_GT(bytes, 0);
  EXPECT_EQ(session_status(client), 200);
  EXPECT_EQ(metric(R"(cache_requests_total{cache="session",result="hit"})"), 1);
  Client stranger;
  stranger.cookie = "porchlight=nobody-has-this";
  EXPECT_EQ(session_status(stranger), 401);
  EXPECT_EQ(metric(R"(cache_requests_total{cache="session",result="miss"})"), 1);
  EXPECT_EQ(session_status({}), 401) << "no cookie is no look-up";
  EXPECT_EQ(metric(R"(cache_requests_total{cache="session",result="miss"})"), 1);
  EXPECT_EQ(metric(R"(cache_evictions_total{cache="session"})"), 0);
  EXPECT_EQ(ask("POST", "/api/v1/auth/logout", client).status, 204);
  EXPECT_EQ(metric(R"(cache_evictions_total{cache="session"})"), 1);
  EXPECT_EQ(metric(R"(cache_size_bytes{cache="session"})"), 0);
}

TEST_F(Login, NameIsWithoutCase) {
  EXPECT_EQ(try_login("UseR", password_of("user")).status, 200);
}

TEST_F(Login, TellsNobodyWhichPartWasWrong) {
  auto disabled = *stored().find("viewer");
  disabled->disabled = true;
  ASSERT_TRUE(stored().change(*disabled));
  std::vector<std::string> bodies;
  std::vector<std::uint64_t> work;
  for (const auto& [name, password] :
       std::vector<std::pair<std::string, std::string>>{{"user", "not the right one"},
                                                        {"nobody-here", "not the right one"},
                                                        {"viewer", password_of("viewer")}}) {
    const auto before = hash_calls();
    auto reply = try_login(name, password);
    work.push_back(hash_calls() - before);
    EXPECT_EQ(reply.status, 401) << name;
    EXPECT_EQ(reply.headers.count("set-cookie"), 0U) << name;
    auto body = json::parse(reply.body);
    body.erase("trace_id");
    bodies.push_back(body.dump());
  }
  EXPECT_THAT(work, testing::Each(1U));  // equal work, whatever the reason
  EXPECT_THAT(bodies, testing::Each(bodies.front()));
  EXPECT_EQ(metric("failed_logins_total"), 3);
  EXPECT_EQ(metric(R"(security_events_total{action_taken="logged",event_type="failed_login",source="auth"})"),
            3);
  const auto records = executor.recorded();
  ASSERT_EQ(records.size(), 3U);
  EXPECT_EQ(records[1].kind, AuditRecord::Kind::authentication);
  EXPECT_FALSE(records[1].success);
  EXPECT_EQ(records[1].user, "nobody-here");
}

TEST_F(Login, LocksKnownAndUnknownNamesAlike) {
  for (const auto* name : {"user", "nobody-here"}) {
    for (int i = 0; i < 5; ++i) EXPECT_EQ(try_login(name, "not the right one").status, 401) << name << i;
    const auto before = hash_calls();
    const auto reply = try_login(name, password_of(name));
    EXPECT_EQ(reply.status, 429) << name;
    EXPECT_EQ(reply.headers.at("retry-after"), "900") << name;
    EXPECT_EQ(hash_calls(), before) << name;
  }
  EXPECT_EQ(metric("account_lockouts_total"), 2);
  EXPECT_EQ(
      metric(R"(security_events_total{action_taken="locked",event_type="account_lockout",source="auth"})"),
      2);
  EXPECT_EQ(metric(R"(user_accounts{state="locked"})"), 1);  // the other one is no account
  EXPECT_EQ(metric(R"(user_accounts{state="active"})"), 3);
  EXPECT_EQ(try_login("admin", password_of("admin")).status, 200);
  clock.advance(15min);
  EXPECT_EQ(try_login("user", password_of("user")).status, 200);
  EXPECT_EQ(metric(R"(user_accounts{state="locked"})"), 0);
}

TEST_F(Login, SuccessForgetsTheFailuresBefore) {
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 4; ++i) EXPECT_EQ(try_login("user", "not the right one").status, 401);
    EXPECT_EQ(try_login("user", password_of("user")).status, 200);
  }
}

TEST_F(Login, LocksAnAddressThatTriesManyNames) {
  for (int i = 0; i < 20; ++i)
    EXPECT_EQ(try_login("name" + std::to_string(i), "not the right one").status, 401);
  EXPECT_EQ(try_login("admin", password_of("admin")).status, 429);
}

TEST_F(Login, NeverAdoptsWhatTheClientBrings) {
  Client planted;
  planted.cookie = "porchlight=planted-by-somebody-else";
  const auto first = client_of(try_login("user", password_of("user"), planted));
  EXPECT_NE(first.cookie, planted.cookie);
  EXPECT_EQ(session_status(planted), 401);
  // A new login on top of a session ends that session.
  const auto second = client_of(try_login("user", password_of("user"), first));
  EXPECT_NE(second.cookie, first.cookie);
  EXPECT_EQ(session_status(first), 401);
  EXPECT_EQ(session_status(second), 200);
}

TEST_F(Login, TwoCookiesOfTheNameAreNone) {
  auto client = login("user");
  client.cookie = "porchlight=other; " + client.cookie;
  EXPECT_EQ(session_status(client), 401);
}

TEST_F(Login, SecureNameIsNotTakenFromAPlainConnection) {
  auto client = login("user");
  client.cookie = "__Host-" + client.cookie;
  EXPECT_EQ(session_status(client), 401);
}

TEST_F(Login, SessionEndsWhenItIsIdleOrOld) {
  const auto idle = login("user");
  const auto busy = login("user");
  for (int day = 0; day < 6; ++day) {
    clock.advance(24h);
    EXPECT_EQ(session_status(busy), 200) << day;
  }
  clock.advance(25h);  // idle for 7 days and an hour
  EXPECT_EQ(session_status(idle), 401);
  for (int day = 7; day < 29; ++day) {
    EXPECT_EQ(session_status(busy), 200) << day;
    clock.advance(24h);
  }
  clock.advance(24h);
  EXPECT_EQ(session_status(busy), 401);  // 30 days old, used every day
  {
    const std::lock_guard lock(executor.mutex);
    accounts->tick();
  }
  EXPECT_TRUE(stored().sessions()->empty());
  EXPECT_EQ(metric("user_sessions_active"), 0);
}

TEST_F(Login, SessionOutlivesTheDaemonButNotInClear) {
  const auto client = login("user");
  const auto value = client.cookie.substr(client.cookie.find('=') + 1);
  const auto sessions = *stored().sessions();
  ASSERT_EQ(sessions.size(), 1U);
  EXPECT_EQ(sessions[0].token_hash, sha256_hex(value));
  EXPECT_NE(sessions[0].token_hash, value);
}

TEST_F(Login, OwnSessionsAreListedAndEnded) {
  const auto here = login("user");
  const auto there = login("user");
  const auto stranger = login("viewer");
  const auto list = json::parse(ask("GET", "/api/v1/auth/sessions", here).body)["sessions"];
  ASSERT_EQ(list.size(), 2U);
  std::string other, foreign;
  for (const auto& session : list)
    if (!session["current"].get<bool>()) other = std::to_string(session["id"].get<int>());
  for (const auto& session : json::parse(ask("GET", "/api/v1/auth/sessions", stranger).body)["sessions"])
    foreign = std::to_string(session["id"].get<int>());
  EXPECT_EQ(ask("DELETE", "/api/v1/auth/sessions/" + foreign, here).status, 404);
  EXPECT_EQ(ask("DELETE", "/api/v1/auth/sessions/" + other, here).status, 204);
  EXPECT_EQ(session_status(there), 401);
  EXPECT_EQ(session_status(here), 200);
  EXPECT_EQ(session_status(stranger), 200);
}

TEST_F(Login, PasswordChangeEndsTheOtherSessions) {
  const auto here = login("user");
  const auto there = login("user");
  const auto change = [&](const std::string& current, const std::string& fresh) {
    return ask("POST", "/api/v1/auth/password", here, json{{"current", current}, {"new", fresh}}).status;
  };
  EXPECT_EQ(change("not the right one", "another good phrase"), 403);
  EXPECT_EQ(change(password_of("user"), "short"), 422);
  EXPECT_EQ(change(password_of("user"), "qwertyuiop"), 422);
  EXPECT_EQ(session_status(there), 200);
  EXPECT_EQ(change(password_of("user"), "another good phrase"), 204);
  EXPECT_EQ(session_status(there), 401);
  EXPECT_EQ(session_status(here), 200);
  EXPECT_EQ(try_login("user", password_of("user")).status, 401);
  EXPECT_EQ(try_login("user", "another good phrase").status, 200);
}

TEST_F(Login, GuessingAtThePasswordFromWithinLocksAndIsCounted) {
  const auto here = login("user");
  const auto change = [&] {
    return ask("POST", "/api/v1/auth/password", here,
               json{{"current", "not the right one"}, {"new", "another good phrase"}})
        .status;
  };
  for (int i = 0; i < 5; ++i) EXPECT_EQ(change(), 403) << i;
  EXPECT_EQ(change(), 429);
  EXPECT_EQ(metric("account_lockouts_total"), 1);
  EXPECT_EQ(
      metric(R"(security_events_total{action_taken="locked",event_type="account_lockout",source="auth"})"),
      1);
  EXPECT_EQ(metric(R"(user_accounts{state="locked"})"), 1);
  const auto records = executor.recorded();
  EXPECT_EQ(records.back().event_type, "account_lockout");
  EXPECT_EQ(records.back().user, "user");
}

TEST_F(Login, DisabledAccountIsOutAtOnce) {
  const auto admin = login("admin");
  const auto user = login("user");
  const auto id = std::to_string((*stored().find("user"))->id);
  EXPECT_EQ(ask("PATCH", "/api/v1/users/" + id, admin, json{{"disabled", true}}).status, 200);
  EXPECT_EQ(session_status(user), 401);
  EXPECT_EQ(try_login("user", password_of("user")).status, 401);
  EXPECT_EQ(metric(R"(user_accounts{state="disabled"})"), 1);
  EXPECT_EQ(ask("PATCH", "/api/v1/users/" + id, admin, json{{"disabled", false}}).status, 200);
  EXPECT_EQ(session_status(user), 401);  // the old session does not come back
}

TEST_F(Login, ForgedRequestsChangeNothing) {
  const auto good = login("user");
  const auto logout = [&](const Client& client) { return ask("POST", "/api/v1/auth/logout", client); };
  auto forged = good;
  forged.csrf.clear();
  EXPECT_EQ(logout(forged).status, 403);
  EXPECT_EQ(type_of(logout(forged)), "urn:porchlight:problem:csrf");
  forged.csrf = login("user").csrf;  // another session's
  EXPECT_EQ(logout(forged).status, 403);
  forged = good;
  forged.more = "Origin: https://evil.example\r\n";
  EXPECT_EQ(logout(forged).status, 403);
  forged.more = "Origin: null\r\n";
  EXPECT_EQ(logout(forged).status, 403);
  forged.more = "Origin: http://house.evil.example\r\n";
  EXPECT_EQ(logout(forged).status, 403);
  forged.more = "Sec-Fetch-Site: cross-site\r\n";
  EXPECT_EQ(logout(forged).status, 403);
  EXPECT_EQ(session_status(good), 200);
  forged.more = "Origin: http://house\r\nSec-Fetch-Site: same-origin\r\n";
  EXPECT_EQ(logout(forged).status, 204);
}

TEST_F(Login, AnotherSitesFormLogsNobodyIn) {
  const auto body = json{{"name", "user"}, {"password", password_of("user")}}.dump();
  EXPECT_EQ(ask("POST", "/api/v1/auth/login", {}, body, "text/plain").status, 415);
  EXPECT_EQ(ask("POST", "/api/v1/auth/login", {}, body, "application/x-www-form-urlencoded").status, 415);
  Client foreign;
  foreign.more = "Origin: https://evil.example\r\n";
  EXPECT_EQ(try_login("user", password_of("user"), foreign).status, 403);
  EXPECT_EQ(metric("successful_logins_total"), 0);
}

TEST_F(Login, NoPasswordThroughAPlainProxy) {
  Client proxied;
  proxied.more = "X-Forwarded-For: 203.0.113.9\r\n";
  EXPECT_EQ(try_login("user", password_of("user"), proxied).status, 403);
}

TEST_F(Login, BadBodiesAreRefused) {
  for (const auto* body :
       {"{}", "[]", "{", "null", R"({"name":"user"})", R"({"name":1,"password":"x"})",
        R"({"name":"user","password":"x","more":1})", R"({"name":"user","password":"a\u0000b"})"})
    EXPECT_EQ(ask("POST", "/api/v1/auth/login", {}, std::string(body)).status, 400) << body;
  EXPECT_EQ(ask("POST", "/api/v1/auth/login", {}, std::string(9'000, '[')).status, 413);
  EXPECT_EQ(hash_calls(), 0U);
}

TEST_F(Login, FullQueueAsksToComeBackAndIsNoFailure) {
  executor.full = true;
  for (int i = 0; i < 10; ++i) {
    const auto reply = try_login("user", password_of("user"));
    EXPECT_EQ(reply.status, 503);
    EXPECT_EQ(reply.headers.at("retry-after"), "2");
  }
  executor.full = false;
  EXPECT_EQ(try_login("user", password_of("user")).status, 200);
}

TEST_F(Login, HashesAgainWhenTheParametersChanged) {
  const auto user = *stored().find("user");
  PasswordHasher dearer({2, 16384});
  ASSERT_TRUE(stored().rehash(user->id, *dearer.hash(password_of("user"))));
  EXPECT_EQ(try_login("user", "not the right one").status, 401);
  EXPECT_THAT((*stored().find("user"))->password, HasSubstr("m=16,"));  // only who knew the password
  EXPECT_EQ(try_login("user", password_of("user")).status, 200);
  EXPECT_THAT((*stored().find("user"))->password, HasSubstr("m=8,"));
  EXPECT_EQ(try_login("user", password_of("user")).status, 200);
}

TEST_F(Login, KeepsTheNewestSessionsOfAnAccount) {
  const auto first = login("user");
  for (int i = 0; i < 20; ++i) login("user");
  EXPECT_EQ(session_status(first), 401);
  EXPECT_EQ(stored().sessions()->size(), 20U);
}

}  // namespace
}  // namespace porchlight::api
