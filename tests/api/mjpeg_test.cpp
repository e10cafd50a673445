// SPDX-License-Identifier: Apache-2.0
// Who may look at a camera's row of JPEGs, by which proof, in how many places, and what stays of it on
// record.
#include <gtest/gtest.h>

#include "api/look_house.hpp"
#include "api/mjpeg_desk.hpp"

namespace porchlight::api::test {
namespace {

using namespace std::chrono_literals;

class MjpegRoute : public LookTest {
 protected:
  static std::string path(const std::string& camera) { return "/api/v1/cameras/" + camera + "/mjpeg"; }
  std::vector<AuditRecord> records() {
    std::vector<AuditRecord> list;
    for (auto& record : looks())
      if (record.resource.ends_with("/mjpeg")) list.push_back(std::move(record));
    return list;
  }
  // The listener's thread may be behind.
  std::vector<AuditRecord> records(std::size_t count) {
    for (int i = 0; i < 10'000 && records().size() < count; ++i) std::this_thread::sleep_for(1ms);
    return records();
  }
  std::string token_of(const std::string& name, nlohmann::json scopes) {
    const auto reply = ask("POST", "/api/v1/tokens", login(name),
                           {{"name", "hass"}, {"scopes", std::move(scopes)}, {"days", 1}});
    EXPECT_EQ(reply.status, 201) << reply.body;
    return nlohmann::json::parse(reply.body).value("token", "");
  }
  static Client with_password(const std::string& name, const std::string& password) {
    Client client;
    client.more = "Authorization: Basic " + base64(name + ":" + password) + "\r\n";
    return client;
  }
  static std::string base64(const std::string& bytes) {
    static constexpr std::string_view alphabet =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string text;
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
      std::uint32_t group = 0;
      for (std::size_t k = 0; k < 3; ++k)
        group = group << 8 | (i + k < bytes.size() ? static_cast<std::uint8_t>(bytes[i + k]) : 0U);
      for (std::size_t k = 0; k < 4; ++k)
        text += i + k <= bytes.size() ? alphabet[group >> (18 - 6 * k) & 63] : '=';
    }
    return text;
  }
};

TEST_F(MjpegRoute, RoleByCamera) {
  for (const std::string role : {"viewer", "user", "admin", "monitor", "nobody"}) {
    const auto client = role == "nobody" ? Client{} : login(role);
    for (const std::string camera : {"porch", "lawn"}) {
      const bool granted =
          role == "admin" || (role == "viewer" && camera == "porch") || (role == "user" && camera == "lawn");
      auto looking = listen(client, path(camera));
      EXPECT_EQ(looking.status, granted ? 200 : role == "nobody" ? 401 : 403) << role << ' ' << camera;
      if (granted) {
        EXPECT_TRUE(looking.hears("--porchlight\r\n" + camera + " 5")) << role;
      }
    }
  }
}

TEST_F(MjpegRoute, PaceIsBounded) {
  const auto client = login("viewer");
  EXPECT_TRUE(listen(client, path("porch") + "?fps=15").hears("porch 15"));
  for (const auto* odd : {"?fps=0", "?fps=16", "?fps=x", "?size=1"})
    EXPECT_EQ(listen(client, path("porch") + odd).status, 400) << odd;
  EXPECT_EQ(listen(login("admin"), path("cellar")).status, 404);
}

TEST_F(MjpegRoute, PageOfAnotherSiteIsRefused) {
  const auto client = login("viewer");
  EXPECT_EQ(listen(client, path("porch"), "Origin: https://evil.example\r\n").status, 403);
  EXPECT_EQ(listen(client, path("porch"), "Sec-Fetch-Site: cross-site\r\n").status, 403);
  EXPECT_TRUE(records().empty());
}

TEST_F(MjpegRoute, ViewingIsOnRecordAtBothEnds) {
  const auto client = login("viewer");
  {
    auto looking = listen(client, path("porch"));
    ASSERT_TRUE(looking.hears("porch 5"));
    ASSERT_EQ(records(1).size(), 1U);
    clock.advance(12s);
  }
  const auto both = records(2);
  ASSERT_EQ(both.size(), 2U);
  for (const auto& record : both) {
    EXPECT_EQ(record.user, "viewer");
    EXPECT_EQ(record.resource, path("porch"));
    EXPECT_EQ(record.operation, "view");
  }
  EXPECT_EQ(both[0].seconds, std::nullopt);
  EXPECT_EQ(both[1].seconds, 12);
}

TEST_F(MjpegRoute, EndsWithTheRightToLook) {
  auto left = login("viewer");
  auto looking = listen(left, path("porch"));
  ASSERT_TRUE(looking.hears("porch 5"));
  EXPECT_EQ(ask("POST", "/api/v1/auth/logout", left).status, 204);
  tick();
  EXPECT_TRUE(looking.ends());

  auto again = listen(login("viewer"), path("porch"));
  ASSERT_TRUE(again.hears("porch 5"));
  tick();
  EXPECT_FALSE(again.wire.readable_within(50)) << "it goes on while the right holds";
  grant("viewer", {false, {"lawn"}});
  reload();
  tick();
  EXPECT_TRUE(again.ends());
}

TEST_F(MjpegRoute, AnAccountHasSoManyPlacesAndGetsThemBack) {
  const auto client = login("viewer");
  std::vector<Listening> open;
  // One address may have 32 connections: the account's limit is met from two.
  for (std::size_t i = 0; i < MjpegDesk::of_account; ++i) {
    Listening looking{server.tcp(i % 2 == 0 ? "127.0.0.1" : "127.0.0.2")};
    looking.status =
        looking.wire.ask("GET " + path("porch") + " HTTP/1.1\r\n" + headers_of(client) + "\r\n").status;
    ASSERT_EQ(looking.status, 200) << i;
    open.push_back(std::move(looking));
  }
  EXPECT_EQ(listen(client, path("porch")).status, 429);
  EXPECT_EQ(listen(login("admin"), path("porch")).status, 200) << "another account has places of its own";
  open.clear();
  // The listener's thread may be behind.
  int status = 429;
  for (int i = 0; i < 5000 && status == 429; ++i) {
    status = listen(client, path("porch")).status;
    if (status == 429) std::this_thread::sleep_for(5ms);
  }
  EXPECT_EQ(status, 200) << "places are given back";
}

TEST_F(MjpegRoute, TokenIsTakenAsPasswordOfBasicWithItsScopes) {
  const auto token = token_of("viewer", {"view"});
  EXPECT_EQ(listen(with_password("viewer", token), path("porch")).status, 200);
  EXPECT_EQ(listen(with_password("token", token), path("porch")).status, 200);
  EXPECT_EQ(listen(with_password("viewer", token), path("lawn")).status, 403) << "the account's cameras";
  EXPECT_EQ(listen(with_password("admin", token), path("porch")).status, 401) << "somebody else's name";
  EXPECT_EQ(listen(with_password("token", token + "x"), path("porch")).status, 401);
  EXPECT_EQ(listen(with_password("token", ""), path("porch")).status, 401);
  EXPECT_EQ(ask("GET", "/api/v1/cameras", with_password("token", token)).status, 200);
  EXPECT_EQ(ask("GET", "/api/v1/users", with_password("token", token)).status, 403);
  // Of the door one may see, nobody rings by a token that may only look.
  EXPECT_EQ(
      ask("POST", "/api/v1/buttons/front/ring", with_password("token", token_of("admin", {"view"}))).status,
      403);
}

TEST_F(MjpegRoute, AccountsOwnPasswordIsNeverTaken) {
  const auto before = hash_calls();
  for (const auto* name : {"viewer", "admin", "token"})
    EXPECT_EQ(listen(with_password(name, password_of(name)), path("porch")).status, 401) << name;
  EXPECT_EQ(hash_calls(), before) << "no password is even tried";
}

// What a browser remembers of a user and password it sends from any page.
TEST_F(MjpegRoute, BasicFromAPageOfAnotherSiteChangesNothing) {
  auto client = with_password("token", token_of("admin", {"manage"}));
  const auto remembered = client.more;
  client.more += "Origin: https://evil.example\r\n";
  const auto* what = "/api/v1/recordings/1/protection";
  EXPECT_EQ(ask("DELETE", what, client).status, 403);
  client.more = remembered;
  const auto own = ask("DELETE", what, client).status;
  EXPECT_TRUE(own != 401 && own != 403) << own;
}

}  // namespace
}  // namespace porchlight::api::test
