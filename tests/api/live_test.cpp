// SPDX-License-Identifier: Apache-2.0
// Who may watch a camera, for how long, and what stays of it on record.
#include <gtest/gtest.h>

#include "api/look_house.hpp"

namespace porchlight::api::test {
namespace {

using namespace std::chrono_literals;

class LiveRoute : public LookTest {
 protected:
  static std::string path(const std::string& camera) { return "/api/v1/cameras/" + camera + "/live"; }
  // Of viewings, oldest first.
  std::vector<AuditRecord> records() {
    std::vector<AuditRecord> list;
    for (auto& record : looks())
      if (record.resource.ends_with("/live")) list.push_back(std::move(record));
    return list;
  }
  // The listener's thread may be behind.
  std::vector<AuditRecord> records(std::size_t count) {
    for (int i = 0; i < 10'000 && records().size() < count; ++i) std::this_thread::sleep_for(1ms);
    return records();
  }
};

TEST_F(LiveRoute, RoleByCamera) {
  for (const std::string role : {"viewer", "user", "admin", "monitor", "nobody"}) {
    const auto client = role == "nobody" ? Client{} : login(role);
    for (const std::string camera : {"porch", "lawn"}) {
      const bool granted =
          role == "admin" || (role == "viewer" && camera == "porch") || (role == "user" && camera == "lawn");
      auto watching = listen(client, path(camera));
      EXPECT_EQ(watching.status, granted ? 101 : role == "nobody" ? 401 : 403) << role << ' ' << camera;
      if (granted) {
        EXPECT_TRUE(watching.hears(camera + " main")) << role;
      }
    }
  }
}

TEST_F(LiveRoute, QualityIsOneOfTwo) {
  const auto client = login("viewer");
  EXPECT_TRUE(listen(client, path("porch") + "?quality=sub").hears("porch sub"));
  EXPECT_EQ(listen(client, path("porch") + "?quality=4k").status, 400);
  EXPECT_EQ(listen(client, path("porch") + "?size=1").status, 400);
}

TEST_F(LiveRoute, PageOfAnotherSiteIsRefusedAndThatIsOnRecord) {
  const auto client = login("viewer");
  EXPECT_EQ(listen(client, path("porch"), "Origin: https://evil.example\r\n").status, 403);
  EXPECT_TRUE(records().empty());
}

TEST_F(LiveRoute, ViewingIsOnRecordWhenItBeginsAndWithItsSecondsWhenItEnds) {
  const auto client = login("viewer");
  {
    auto watching = listen(client, path("porch"));
    ASSERT_TRUE(watching.hears("porch main"));
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

TEST_F(LiveRoute, EndsWithTheRightToWatch) {
  auto left = login("viewer");
  auto watching = listen(left, path("porch"));
  ASSERT_TRUE(watching.hears("porch main"));
  EXPECT_EQ(ask("POST", "/api/v1/auth/logout", left).status, 204);
  tick();
  EXPECT_TRUE(watching.ends());
  EXPECT_NE(watching.seen.find("\x03\xf0"), std::string::npos) << "no 1008";

  auto again = listen(login("viewer"), path("porch"));
  ASSERT_TRUE(again.hears("porch main"));
  tick();
  ring("porch");
  EXPECT_FALSE(again.wire.readable_within(50)) << "it goes on while the right holds";
  grant("viewer", {false, {"lawn"}});
  reload();
  tick();
  EXPECT_TRUE(again.ends());
}

}  // namespace
}  // namespace porchlight::api::test
