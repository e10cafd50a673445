// SPDX-License-Identifier: Apache-2.0
// Acknowledging an event with an account.
#include "api/link_house.hpp"

namespace porchlight::api {
namespace {

using Json = nlohmann::json;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class Acknowledge : public test::LinkTest {
 protected:
  static std::string path(const std::string& id) { return "/api/v1/events/" + id + "/acknowledge"; }
};

TEST_F(Acknowledge, IsOnceAndShowsInTheEvent) {
  const auto id = ring("lawn");
  EXPECT_FALSE(LookTest::json("/api/v1/events/" + id, login("user")).contains("acknowledged"));
  const auto reply = ask("POST", path(id), login("user"), Json::object());
  ASSERT_EQ(reply.status, 200) << reply.body;
  const auto body = Json::parse(reply.body);
  EXPECT_EQ(body["replied"], false);
  EXPECT_EQ(body["acknowledged"], (Json{{"at", rfc3339(clock.wall())}, {"by", "user"}}));
  EXPECT_EQ(LookTest::json("/api/v1/events/" + id, login("user"))["acknowledged"], body["acknowledged"]);
  EXPECT_EQ(ask("POST", path(id), login("admin"), Json::object()).status, 409);
  EXPECT_EQ(ask("POST", path(id), login("admin"), Json{{"reply", "on my way"}}).status, 200);
  EXPECT_EQ(ask("POST", path(id), login("admin"), Json{{"reply", "again"}}).status, 409);
  ASSERT_THAT(answers(id), SizeIs(2));
  EXPECT_EQ(answers(id)[1].text, "on my way");
  EXPECT_EQ(answers(id)[1].who, "admin");
}

TEST_F(Acknowledge, IsForThoseWhoMaySeeTheCameraAndAct) {
  const auto lawn = ring("lawn");
  const auto porch = ring("porch");
  EXPECT_EQ(ask("POST", path(lawn), login("viewer"), Json::object()).status, 403);
  EXPECT_EQ(ask("POST", path(porch), login("viewer"), Json::object()).status, 403) << "sees it, and no more";
  EXPECT_EQ(ask("POST", path(porch), login("user"), Json::object()).status, 404) << "not the camera";
  EXPECT_EQ(ask("POST", path("x"), login("user"), Json::object()).status, 404);
  EXPECT_EQ(ask("POST", path("0199d7b0-7c1e-7a52-9d1e-3f2b8c6a5e01"), login("admin"), Json::object()).status,
            404);
  auto forged = login("user");
  forged.csrf.clear();
  EXPECT_EQ(ask("POST", path(lawn), forged, Json::object()).status, 403);
  settle();
  EXPECT_THAT(answers(lawn), IsEmpty());
  EXPECT_THAT(answers(porch), IsEmpty());
}

TEST_F(Acknowledge, BadBodiesAreRefused) {
  const auto id = ring("lawn");
  const auto user = login("user");
  EXPECT_EQ(ask("POST", path(id), user, Json{{"reply", ""}}).status, 422);
  EXPECT_EQ(ask("POST", path(id), user, Json{{"reply", std::string(201, 'x')}}).status, 422);
  EXPECT_EQ(ask("POST", path(id), user, Json{{"reply", "a\nb"}}).status, 422);
  EXPECT_EQ(ask("POST", path(id), user, Json{{"reply", 1}}).status, 400);
  EXPECT_EQ(ask("POST", path(id), user, Json{{"who", "anna"}}).status, 400);
  EXPECT_EQ(ask("POST", path(id), user).status, 415);
  EXPECT_THAT(answers(id), IsEmpty());
}

}  // namespace
}  // namespace porchlight::api
