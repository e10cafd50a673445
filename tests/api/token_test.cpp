// SPDX-License-Identifier: Apache-2.0
#include "api/account_client.hpp"
#include "api/jwt.hpp"

namespace porchlight::api {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using test::Client;

std::string part(const json& object) {
  return base64url(object.dump());
}

std::string replaced(const std::string& token, int which, const std::string& by) {
  const auto first = token.find('.');
  const auto second = token.find('.', first + 1);
  if (which == 0) return by + token.substr(first);
  if (which == 1) return token.substr(0, first + 1) + by + token.substr(second);
  return token.substr(0, second + 1) + by;
}

class Jwt : public testing::Test {
 protected:
  TokenVerdict verdict(const std::string& token, WallTime at) {
    Claims claims;
    return signer.verify(token, at, claims);
  }
  static std::string signed_by_us(const json& head, const json& claims) {
    const auto text = part(head) + "." + part(claims);
    return text + "." + base64url(hmac_sha256("key", text));
  }
  const TokenSigner signer{"key"};
  const WallTime now{1'000'000'000s};
  const json header{{"alg", "HS256"}, {"typ", "JWT"}};
  const json payload{
      {"aud", "porchlight-api"}, {"exp", 1'000'000'100}, {"nbf", 999'999'900}, {"jti", "id"}, {"sub", "7"},
      {"scope", "view"}};
};

TEST_F(Jwt, CarriesItsClaims) {
  Claims claims;
  const auto token = signer.sign({"id-1", 42, "view ring", now, now + 60s});
  ASSERT_EQ(signer.verify(token, now, claims), TokenVerdict::valid);
  EXPECT_EQ(claims.id, "id-1");
  EXPECT_EQ(claims.user, 42);
  EXPECT_EQ(claims.scopes, "view ring");
  EXPECT_EQ(verdict(token, now - 1s), TokenVerdict::not_yet_valid);
  EXPECT_EQ(verdict(token, now + 59s), TokenVerdict::valid);
  EXPECT_EQ(verdict(token, now + 60s), TokenVerdict::expired);
  EXPECT_EQ(TokenSigner("other").verify(token, now, claims), TokenVerdict::bad_signature);
}

TEST_F(Jwt, TakesTheWellKnownExampleOfHmacSha256) {
  // RFC 7515 A.1: its key and signing input; only the audience is not ours.
  const auto key = *from_base64url(
      "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow");
  const std::string input =
      "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9."
      "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
  EXPECT_EQ(base64url(hmac_sha256(key, input)), "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
}

TEST_F(Jwt, AlgorithmIsNotTheTokensToChoose) {
  for (const auto* alg : {"none", "None", "NONE", "HS384", "RS256", "hs256", ""}) {
    const auto named = json{{"alg", alg}, {"typ", "JWT"}};
    EXPECT_EQ(verdict(signed_by_us(named, payload), now), TokenVerdict::bad_signature) << alg;
    EXPECT_EQ(verdict(part(named) + "." + part(payload) + ".", now), TokenVerdict::bad_signature) << alg;
  }
  ASSERT_EQ(verdict(signed_by_us(header, payload), now), TokenVerdict::valid);
}

TEST_F(Jwt, ChangedPartsAreBadSignatures) {
  const auto token = signed_by_us(header, payload);
  auto richer = payload;
  richer["sub"] = "1";
  EXPECT_EQ(verdict(replaced(token, 1, part(richer)), now), TokenVerdict::bad_signature);
  EXPECT_EQ(verdict(replaced(token, 0, part({{"alg", "HS256"}})), now), TokenVerdict::bad_signature);
  EXPECT_EQ(verdict(replaced(token, 2, base64url(std::string(32, 'x'))), now), TokenVerdict::bad_signature);
  EXPECT_EQ(verdict(replaced(token, 2, ""), now), TokenVerdict::bad_signature);
}

TEST_F(Jwt, MalformedTokensAreTold) {
  const auto token = signed_by_us(header, payload);
  for (const auto& bad :
       {std::string(), std::string("."), std::string(".."), std::string("a.b.c"), token + ".x",
        token.substr(0, token.rfind('.')), replaced(token, 0, part(json::array())), replaced(token, 2, "!!"),
        std::string(5'000, 'a')})
    EXPECT_EQ(verdict(bad, now), TokenVerdict::malformed) << bad.substr(0, 80);
  EXPECT_EQ(verdict(signed_by_us({{"alg", "HS256"}, {"crit", {"x"}}}, payload), now),
            TokenVerdict::malformed);
  EXPECT_EQ(verdict(signed_by_us({{"typ", "JWT"}}, payload), now), TokenVerdict::malformed);
  for (const auto* missing : {"aud", "exp", "nbf", "jti", "sub", "scope"}) {
    auto less = payload;
    less.erase(missing);
    EXPECT_EQ(verdict(signed_by_us(header, less), now), TokenVerdict::malformed) << missing;
  }
  for (const auto& [key, value] :
       std::vector<std::pair<std::string, json>>{{"exp", "soon"},
                                                 {"exp", 1e30},
                                                 {"exp", -1},
                                                 {"exp", 10'000'000'000},
                                                 {"exp", 18'000'000'000'000'000'000U},
                                                 {"sub", 7},
                                                 {"sub", "7x"},
                                                 {"aud", json::array()}}) {
    auto odd = payload;
    odd[key] = value;
    EXPECT_EQ(verdict(signed_by_us(header, odd), now), TokenVerdict::malformed) << key << value;
  }
  auto elsewhere = payload;
  elsewhere["aud"] = "another-api";
  EXPECT_EQ(verdict(signed_by_us(header, elsewhere), now), TokenVerdict::wrong_audience);
}

class Tokens : public test::AccountsTest {
 protected:
  struct Made {
    std::string id, token;
  };
  Made make(const std::string& owner, const json& body) {
    const auto reply = ask("POST", "/api/v1/tokens", login(owner), body);
    EXPECT_EQ(reply.status, 201) << reply.body;
    const auto made = json::parse(reply.body);
    return {made["id"], made["token"]};
  }
  int status_with(const std::string& token) {
    Client client;
    client.bearer = token;
    return ask("GET", "/api/v1/status", client).status;
  }
  double results(const char* result) {
    return metric(std::string("jwt_token_validations_total{result=\"") + result + "\"}");
  }
};

TEST_F(Tokens, ScopeAndRoleBothDecide) {
  house.on_ring = [](const RingOrder&, const Answer<RingAccepted>& answer) { answer(RingAccepted{}); };
  Client looking, ringing;
  looking.bearer = make("admin", {{"name", "page"}, {"scopes", {"view"}}}).token;
  ringing.bearer = make("admin", {{"name", "hass"}, {"scopes", {"view", "ring"}}}).token;
  EXPECT_EQ(ask("GET", "/api/v1/status", looking).status, 200);
  EXPECT_EQ(ask("POST", "/api/v1/buttons/front/ring", looking).status, 403);
  EXPECT_EQ(ask("POST", "/api/v1/buttons/front/ring", ringing).status, 200);  // no CSRF: no cookie
  Client viewer;
  viewer.bearer = make("viewer", {{"name", "too much"}, {"scopes", {"view", "ring", "manage"}}}).token;
  EXPECT_EQ(ask("POST", "/api/v1/buttons/front/ring", viewer).status, 403);
  EXPECT_EQ(ask("GET", "/api/v1/users", viewer).status, 403);
  EXPECT_EQ(results("valid"), 5);
}

TEST_F(Tokens, TokenMakesNoTokensAndChangesNoPasswords) {
  Client script;
  script.bearer =
      make("admin", {{"name", "script"}, {"scopes", {"view", "ring", "manage", "metrics"}}}).token;
  EXPECT_EQ(ask("GET", "/api/v1/users", script).status, 200);
  EXPECT_EQ(ask("POST", "/api/v1/tokens", script, json{{"name", "more"}, {"scopes", {"view"}}}).status, 403);
  EXPECT_EQ(ask("POST", "/api/v1/users", script, json{{"name", "more"}, {"role", "admin"}}).status, 403);
  EXPECT_EQ(ask("POST", "/api/v1/auth/totp", script).status, 403);
  EXPECT_EQ(ask("POST", "/api/v1/auth/password", script, json{{"current", "x"}, {"new", "y"}}).status, 403);
}

TEST_F(Tokens, ExpiredRevokedAndForgedAreRefusedAndCounted) {
  const auto expiring = make("user", {{"name", "a"}, {"scopes", {"view"}}, {"days", 1}});
  const auto revoked = make("user", {{"name", "b"}, {"scopes", {"view"}}});
  EXPECT_EQ(status_with(expiring.token), 200);
  EXPECT_EQ(ask("DELETE", "/api/v1/tokens/" + revoked.id, login("viewer")).status, 404);  // not theirs
  EXPECT_EQ(status_with(revoked.token), 200);
  EXPECT_EQ(ask("DELETE", "/api/v1/tokens/" + revoked.id, login("user")).status, 204);
  EXPECT_EQ(status_with(revoked.token), 401);
  EXPECT_EQ(results("revoked"), 1);
  const auto unsigned_token =
      replaced(replaced(expiring.token, 0, part({{"alg", "none"}, {"typ", "JWT"}})), 2, "");
  EXPECT_EQ(status_with(unsigned_token), 401);
  EXPECT_EQ(results("bad_signature"), 1);
  EXPECT_EQ(status_with("rubbish"), 401);
  EXPECT_EQ(results("malformed"), 1);
  clock.advance(24h);
  EXPECT_EQ(status_with(expiring.token), 401);
  EXPECT_EQ(results("expired"), 1);
  EXPECT_EQ(
      metric(R"(security_events_total{action_taken="blocked",event_type="token_violation",source="auth"})"),
      4);
}

TEST_F(Tokens, EndWithTheAccountAndItsPassword) {
  const auto token = make("user", {{"name", "a"}, {"scopes", {"view"}}}).token;
  const auto client = login("user");
  EXPECT_EQ(status_with(token), 200);
  auto user = *stored().find("user");
  user->disabled = true;
  ASSERT_TRUE(stored().change(*user));
  reload();
  EXPECT_EQ(status_with(token), 401);
  user->disabled = false;
  ASSERT_TRUE(stored().change(*user));
  reload();
  EXPECT_EQ(status_with(token), 200);
  EXPECT_EQ(ask("POST", "/api/v1/auth/password", login("user"),
                json{{"current", password_of("user")}, {"new", "another good phrase"}})
                .status,
            204);
  EXPECT_EQ(status_with(token), 401);
}

TEST_F(Tokens, BadWishesAreNamed) {
  const auto user = login("user");
  for (const auto& body : {json{{"name", "a"}}, json{{"name", "a"}, {"scopes", json::array()}},
                           json{{"name", "a"}, {"scopes", {"everything"}}},
                           json{{"name", ""}, {"scopes", {"view"}}}, json{{"name", "a"}, {"kind", "magic"}}})
    EXPECT_EQ(ask("POST", "/api/v1/tokens", user, body).status, 422) << body;
  EXPECT_EQ(
      ask("POST", "/api/v1/tokens", user, json{{"name", "a"}, {"scopes", {"view"}}, {"days", 367}}).status,
      400);
  EXPECT_EQ(ask("POST", "/api/v1/tokens", user, json{{"name", "a"}, {"kind", "scrape"}}).status, 403);
}

TEST_F(Tokens, ScrapeTokenOpensTheNumbersOnlyAndCostsNoHash) {
  const auto made = make("admin", {{"name", "prometheus"}, {"kind", "scrape"}});
  Client scraper;
  scraper.bearer = made.token;
  scraper.more = "X-Forwarded-For: 203.0.113.9\r\n";  // not from this machine
  const auto before = hash_calls();
  EXPECT_EQ(ask("GET", "/metrics", scraper).status, 200);
  EXPECT_EQ(ask("GET", "/health", scraper).status, 503);  // let in: nothing is ready here
  EXPECT_EQ(ask("GET", "/api/v1/status", scraper).status, 403);
  EXPECT_EQ(hash_calls(), before);
  clock.advance(24h * 3650);
  EXPECT_EQ(ask("GET", "/metrics", scraper).status, 200);  // does not expire
  // Prometheus' basic_auth: the token as password.
  const auto basic = [&](const std::string& secret) {
    std::string pair = "any:" + secret;
    while (pair.size() % 3 != 0) pair.insert(0, "x");  // a length that needs no padding in base64
    auto text = base64url(pair);
    for (auto& c : text) c = c == '-' ? '+' : c == '_' ? '/' : c;
    Client client;
    client.more = "X-Forwarded-For: 203.0.113.9\r\nAuthorization: Basic " + text + "\r\n";
    return ask("GET", "/metrics", client).status;
  };
  EXPECT_EQ(basic(made.token), 200);
  EXPECT_EQ(basic(made.token + "x"), 401);
  EXPECT_EQ(ask("DELETE", "/api/v1/tokens/" + made.id, login("admin")).status, 204);
  EXPECT_EQ(ask("GET", "/metrics", scraper).status, 401);
  scraper.bearer = "pls_unknown";
  EXPECT_EQ(ask("GET", "/metrics", scraper).status, 401);
  for (const auto* odd : {"Bearer", "Bearer  ", "Basic", "Basic !!", "Basic YQ==", "Digest x", "x"}) {
    Client client;
    client.more = std::string("Authorization: ") + odd + "\r\n";
    EXPECT_EQ(ask("GET", "/metrics", client).status, 401) << odd;
  }
  scraper.more.clear();
  EXPECT_EQ(ask("GET", "/metrics", scraper).status, 401);  // a wrong token is not made good by loopback
}

TEST_F(Tokens, AnAccountHasFiftyAtMostAndExpiredOnesGo) {
  const auto user = login("user");
  const json body{{"name", "a"}, {"scopes", {"view"}}, {"days", 1}};
  for (int i = 0; i < 50; ++i) ASSERT_EQ(ask("POST", "/api/v1/tokens", user, body).status, 201) << i;
  EXPECT_EQ(ask("POST", "/api/v1/tokens", user, body).status, 409);
  EXPECT_EQ(ask("POST", "/api/v1/tokens", login("viewer"), body).status, 201);
  clock.advance(24h * 9);
  {
    const std::lock_guard lock(executor.mutex);
    accounts->tick();
  }
  EXPECT_TRUE(stored().tokens()->empty());
}

TEST_F(Tokens, AreListedWithoutTheirSecrets) {
  const auto user = make("user", {{"name", "a"}, {"scopes", {"view"}}});
  const auto scrape = make("admin", {{"name", "prometheus"}, {"kind", "scrape"}});
  const auto own = ask("GET", "/api/v1/tokens", login("user"));
  EXPECT_EQ(json::parse(own.body)["tokens"].size(), 1U);
  const auto all = ask("GET", "/api/v1/tokens", login("admin"));
  EXPECT_EQ(json::parse(all.body)["tokens"].size(), 2U);
  for (const auto& secret : {user.token, scrape.token, sha256_hex(scrape.token)})
    EXPECT_EQ(all.body.find(secret), std::string::npos);
}

}  // namespace
}  // namespace porchlight::api
