// SPDX-License-Identifier: Apache-2.0
// Logins by HTTP's Digest, against a server that checks them.
#include <gmock/gmock.h>

#include "notify/hook.hpp"
#include "porchlight/http/client.hpp"

namespace porchlight::http {
namespace {

using notify::Hit;
using notify::Hook;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr auto* password = "a long phrase";

Result<ClientResponse> send(const Hook& hook, const std::string& user, const std::string& word,
                            ClientOptions options = {}) {
  auto client = Client::create(std::move(options));
  if (!client) return std::move(client).error();
  ClientRequest request;
  request.method = "POST";
  request.url = hook.url("/door?open=no");
  request.content_type = "application/json";
  request.body = "{\"a\":1}";
  request.digest_user = user;
  request.digest_password = word;
  return client->send(request, {});
}

std::string login_of(const Hit& hit) {
  const auto found = hit.headers.find("authorization");
  return found == hit.headers.end() ? std::string() : found->second;
}

TEST(HttpClientDigest, AnswersTheChallengeAndSendsTheBodyAgain) {
  for (const auto* algorithm : {"MD5", "SHA-256"}) {
    Hook hook({"--digest", "porch", password, algorithm, "201"});
    const auto answer = send(hook, "porch", password);
    ASSERT_TRUE(answer.ok()) << answer.error().text();
    EXPECT_EQ(answer->status, 201) << algorithm;
    EXPECT_EQ(login_of(hook.next()), "") << "before anybody asked";
    const auto hit = hook.next();
    EXPECT_THAT(login_of(hit), StartsWith("Digest "));
    EXPECT_THAT(login_of(hit), Not(HasSubstr(password)));
    EXPECT_EQ(hit.body, "{\"a\":1}");
    EXPECT_EQ(hit.headers.at("content-type"), "application/json");
  }
}

TEST(HttpClientDigest, TheChallengeLeavesNothingInTheAnswer) {
  Hook hook({"--digest", "porch", password, "MD5", "--body", "welcome"});
  // Its body is far longer than what is kept of an answer.
  const auto answer = send(hook, "porch", password, {.largest_body = 7});
  ASSERT_TRUE(answer.ok()) << answer.error().text();
  EXPECT_EQ(answer->status, 200);
  EXPECT_EQ(answer->body, "welcome");
  EXPECT_FALSE(answer->truncated);
  EXPECT_EQ(answer->header("www-authenticate"), "");
}

TEST(HttpClientDigest, AWrongPasswordIsTriedOnce) {
  Hook hook({"--digest", "porch", password, "MD5"});
  const auto answer = send(hook, "porch", "another");
  ASSERT_TRUE(answer.ok()) << answer.error().text();
  EXPECT_EQ(answer->status, 401);
  EXPECT_THAT(answer->header("www-authenticate"), StartsWith("Digest "));
  EXPECT_EQ(answer->body, std::string(64 << 10, '?'));
  EXPECT_EQ(send(hook, "porch", password)->status, 200);
  // Two for each: a third try of the first would stand between them.
  std::vector<bool> with_login;
  for (int i = 0; i < 4; ++i) with_login.push_back(!login_of(hook.next()).empty());
  EXPECT_EQ(with_login, (std::vector<bool>{false, true, false, true}));
}

TEST(HttpClientDigest, NoLoginIsGivenToWhoDidNotAskForDigest) {
  Hook hook({"401:WWW-Authenticate=Basic realm=\"door\"", "401"});
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(send(hook, "porch", password)->status, 401);
    EXPECT_EQ(login_of(hook.next()), "");
  }
  // Nor by who was given none.
  Hook asking({"--digest", "porch", password, "MD5"});
  EXPECT_EQ(send(asking, "", "")->status, 401);
  EXPECT_EQ(login_of(asking.next()), "");
}

}  // namespace
}  // namespace porchlight::http
