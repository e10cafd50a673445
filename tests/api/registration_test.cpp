// SPDX-License-Identifier: Apache-2.0
#include "api/account_client.hpp"

namespace porchlight::api {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using test::Reply;
using testing::HasSubstr;

// No account yet: what a fresh installation has.
class FirstRun : public test::AccountsTest {
 protected:
  void SetUp() override {}
  std::string code_for_first_run() {
    store::Invitation invitation;
    invitation.code_hash = sha256_hex("ABCDEFGHIJKLMNOPQRST");
    invitation.role = store::Role::admin;
    invitation.cameras.all = true;
    invitation.first_run = true;
    invitation.expires = clock.wall() + 24h;
    EXPECT_TRUE(stored().invite(invitation, clock.wall()));
    return "abcd-efgh-ijkl-mnop-qrst";
  }
  Reply enter(const std::string& code, const std::string& name,
              const std::string& password = "a good long phrase") {
    return ask("POST", "/api/v1/auth/register", {},
               json{{"code", code}, {"name", name}, {"password", password}});
  }
};

TEST_F(FirstRun, CodeMakesTheFirstAdministratorOnce) {
  EXPECT_EQ(try_login("admin", "admin").status, 401);  // nothing is there to guess
  const auto code = code_for_first_run();
  const auto reply = enter(code, "Anna");
  ASSERT_EQ(reply.status, 201) << reply.body;
  const auto user = json::parse(reply.body)["user"];
  EXPECT_EQ(user["name"], "anna");
  EXPECT_EQ(user["role"], "admin");
  EXPECT_EQ(try_login("anna", "a good long phrase").status, 200);
  EXPECT_EQ(enter(code, "bert").status, 403);
  EXPECT_EQ(metric("successful_registrations_total"), 1);
  EXPECT_EQ(metric("user_registration_duration_seconds_count"), 1);
  EXPECT_EQ(metric(R"(user_accounts{state="active"})"), 1);
}

TEST_F(FirstRun, EverybodyMaySeeThatTheFirstAccountIsAwaited) {
  EXPECT_EQ(ask("GET", "/api/v1/auth/register").body, R"({"first_account":true})");
  add("bert", store::Role::viewer, {});
  reload();
  EXPECT_EQ(ask("GET", "/api/v1/auth/register").body, R"({"first_account":false})");
}

TEST_F(FirstRun, CodeIsVoidOnceThereIsAnAccount) {
  const auto code = code_for_first_run();
  add("bert", store::Role::viewer, {});
  EXPECT_EQ(enter(code, "anna").status, 403);
}

TEST_F(FirstRun, CodeExpires) {
  const auto code = code_for_first_run();
  clock.advance(24h);
  EXPECT_EQ(enter(code, "anna").status, 403);
}

TEST_F(FirstRun, EachStartMakesANewCode) {
  const auto code = code_for_first_run();
  telemetry::Metrics metrics{{}};
  Accounts again({.password = test::cheap}, data.path(), clock, metrics, executor.ports());
  again.tick();
  EXPECT_EQ(enter(code, "anna").status, 403);
}

TEST_F(FirstRun, WrongCodeCostsNoHashAndEndsInALock) {
  code_for_first_run();
  for (int i = 0; i < 20; ++i)
    EXPECT_EQ(enter("AAAA-AAAA-AAAA-AAAA-AAA" + std::to_string(i), "anna").status, 403);
  EXPECT_EQ(hash_calls(), 0U);
  EXPECT_EQ(enter("ABCD-EFGH-IJKL-MNOP-QRST", "anna").status, 429);
}

TEST_F(FirstRun, WeakPasswordsAndBadNamesAreNamedAndUseNothingUp) {
  const auto code = code_for_first_run();
  for (const auto* password :
       {"short", "123456789", "1234567890", "Password123", "aaaaaaaaaaaa", "annaannaanna"})
    EXPECT_EQ(enter(code, "anna", password).status, 422) << password;
  for (const auto* name : {"", "an na", "-anna", "anna\n", "ännchen"})
    EXPECT_EQ(enter(code, name).status, 422) << name;
  EXPECT_EQ(enter(code, "anna", "aaaaaaaaab").status, 201);  // ten characters, nothing composed
}

TEST_F(FirstRun, RefusedWhenItCannotBeRecorded) {
  const auto code = code_for_first_run();
  executor.audit_fails = true;
  EXPECT_EQ(enter(code, "anna").status, 503);
  EXPECT_EQ(*stored().count(), 0U);
  executor.audit_fails = false;
  EXPECT_EQ(enter(code, "anna").status, 201);
}

class Invited : public test::AccountsTest {
 protected:
  Reply invite(const json& body) { return ask("POST", "/api/v1/users", admin_, body); }
  Reply enter(const std::string& code, const std::string& name) {
    return ask("POST", "/api/v1/auth/register", {},
               json{{"code", code}, {"name", name}, {"password", "a good long phrase"}});
  }
  void SetUp() override {
    AccountsTest::SetUp();
    admin_ = login("admin");
  }
  test::Client admin_;
};

TEST_F(Invited, InvitationGivesItsNameRoleAndCamerasAndNothingElse) {
  const auto reply = invite({{"name", "carla"}, {"role", "viewer"}, {"cameras", {"porch"}}});
  ASSERT_EQ(reply.status, 201) << reply.body;
  const std::string code = json::parse(reply.body)["invitation"];
  EXPECT_EQ(enter(code, "dora").status, 403);
  const auto made = json::parse(enter(code, "carla").body)["user"];
  EXPECT_EQ(made["role"], "viewer");
  EXPECT_EQ(made["all_cameras"], false);
  EXPECT_EQ(made["cameras"], json({"porch"}));
  EXPECT_EQ(enter(code, "carla").status, 403);
}

TEST_F(Invited, InvitationEndsAfterThreeDays) {
  const std::string code = json::parse(invite({{"name", "carla"}, {"role", "user"}}).body)["invitation"];
  clock.advance(72h);
  EXPECT_EQ(enter(code, "carla").status, 403);
}

TEST_F(Invited, TakenNameIsAConflict) {
  EXPECT_EQ(invite({{"name", "User"}, {"role", "viewer"}}).status, 409);
  EXPECT_EQ(metric("registration_conflicts_total"), 1);
  const std::string code = json::parse(invite({{"name", "carla"}, {"role", "user"}}).body)["invitation"];
  add("carla", store::Role::viewer, {});
  EXPECT_EQ(enter(code, "carla").status, 409);
  EXPECT_EQ(metric("registration_conflicts_total"), 2);
}

TEST_F(Invited, BadInvitationsAreRefused) {
  EXPECT_EQ(invite({{"name", "carla"}}).status, 400);
  EXPECT_EQ(invite({{"name", "carla"}, {"role", "root"}}).status, 422);
  EXPECT_EQ(invite({{"name", "carla"}, {"role", "user"}, {"cameras", {"../x"}}}).status, 422);
  EXPECT_EQ(invite({{"name", "carla"}, {"role", "user"}, {"cameras", "porch"}}).status, 400);
  EXPECT_EQ(invite({{"name", "carla"}, {"role", "user"}, {"password", "x"}}).status, 400);
}

TEST_F(Invited, ACameraThatIsNotThereIsNamed) {
  const auto refused = invite({{"name", "carla"}, {"role", "user"}, {"cameras", {"lawn", "prch"}}});
  EXPECT_EQ(refused.status, 422);
  EXPECT_EQ(json::parse(refused.body)["detail"], "there is no camera 'prch' (did you mean 'porch'?)");
  const auto path = "/api/v1/users/" + std::to_string((*stored().find("user"))->id);
  const auto change = ask("PATCH", path, admin_, json{{"cameras", {"cellar"}}});
  EXPECT_EQ(change.status, 422);
  EXPECT_EQ(json::parse(change.body)["detail"], "there is no camera 'cellar'; there are: porch lawn");
  EXPECT_TRUE((*stored().find("user"))->cameras.ids.empty());
  house.cameras.clear();
  EXPECT_EQ(json::parse(ask("PATCH", path, admin_, json{{"cameras", {"porch"}}}).body)["detail"],
            "there is no camera 'porch'; the configuration has none");
}

TEST_F(Invited, AMemberThatNobodyKnowsIsNamed) {
  const auto detail = [this](const std::string& member) {
    return json::parse(invite({{"name", "carla"}, {"role", "user"}, {member, "x"}}).body)["detail"];
  };
  EXPECT_EQ(detail("colour"), "the body has the member 'colour', which this route does not know");
  EXPECT_EQ(detail("col\x1b[31mour"), "the body has the member 'col[31mour', which this route does not know");
  EXPECT_EQ(detail(std::string(63, 'a') + "äb"),
            "the body has the member '" + std::string(63, 'a') + "…', which this route does not know");
  EXPECT_EQ(detail("rtsp://me:hunter2@camera/1").get<std::string>().find("hunter2"), std::string::npos);
}

TEST_F(Invited, LastAdministratorStays) {
  const auto path = "/api/v1/users/" + std::to_string((*stored().find("admin"))->id);
  EXPECT_EQ(ask("PATCH", path, admin_, json{{"role", "user"}}).status, 409);
  EXPECT_EQ(ask("PATCH", path, admin_, json{{"disabled", true}}).status, 409);
  EXPECT_EQ(ask("DELETE", path, admin_).status, 409);
  EXPECT_EQ((*stored().find("admin"))->role, store::Role::admin);
  EXPECT_EQ(ask("GET", path, admin_).status, 200);  // the session lives too
}

TEST_F(Invited, RightsChangeAtOnceAndAreRecorded) {
  const auto user = login("user");
  const auto path = "/api/v1/users/" + std::to_string((*stored().find("user"))->id);
  house.on_ring = [](const RingOrder&, const Answer<RingAccepted>& answer) { answer(RingAccepted{}); };
  EXPECT_EQ(ask("POST", "/api/v1/buttons/front/ring", user).status, 403);
  EXPECT_EQ(ask("PATCH", path, admin_, json{{"cameras", {"porch"}}}).status, 200);
  EXPECT_EQ(ask("POST", "/api/v1/buttons/front/ring", user).status, 200);
  const auto records = executor.recorded();
  ASSERT_GE(records.size(), 2U);
  const auto& record = *(records.end() - 2);
  EXPECT_EQ(record.done, std::nullopt);
  EXPECT_EQ(records.back().done, true);
  EXPECT_EQ(records.back().resource, path);
  EXPECT_EQ(record.kind, AuditRecord::Kind::data_modification);
  EXPECT_EQ(record.user, "admin");
  EXPECT_EQ(record.resource, path);
  EXPECT_EQ(record.operation, "update");
  EXPECT_THAT(record.changes, HasSubstr("porch"));
  executor.audit_fails = true;
  EXPECT_EQ(ask("PATCH", path, admin_, json{{"role", "admin"}}).status, 503);
  EXPECT_EQ((*stored().find("user"))->role, store::Role::user);
}

TEST_F(Invited, DeletedAccountIsGoneWithItsSessions) {
  const auto user = login("user");
  const auto path = "/api/v1/users/" + std::to_string((*stored().find("user"))->id);
  EXPECT_EQ(ask("DELETE", path, admin_).status, 204);
  EXPECT_EQ(ask("GET", "/api/v1/auth/session", user).status, 401);
  EXPECT_EQ(ask("DELETE", path, admin_).status, 404);
  const auto records = executor.recorded();
  ASSERT_GE(records.size(), 4U);
  for (const auto& done : {std::make_pair(4, std::optional<bool>()), std::make_pair(3, std::optional(true)),
                           std::make_pair(2, std::optional<bool>()), std::make_pair(1, std::optional(false))})
    EXPECT_EQ((records.end() - done.first)->done, done.second) << done.first;
  EXPECT_EQ(ask("GET", path, admin_).status, 404);
  EXPECT_EQ(json::parse(ask("GET", "/api/v1/users", admin_).body)["users"].size(), 3U);
}

}  // namespace
}  // namespace porchlight::api
