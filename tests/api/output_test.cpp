// SPDX-License-Identifier: Apache-2.0
// Doors and trials: what opens one, what does not, and what is on record.
#include <future>

#include "api/account_client.hpp"
#include "api/accounts_state.hpp"

namespace porchlight::api {
namespace {

using nlohmann::json;
using test::Client;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* door = "/api/v1/outputs/door/open";
constexpr const char* gate = "/api/v1/outputs/gate/open";

class Outputs : public test::AccountsTest {
 protected:
  void SetUp() override {
    AccountsTest::SetUp();
    house.on_pulse = [this](const std::string& id) -> Status {
      const std::lock_guard lock(mutex_);
      pulsed_.push_back(id);
      return {};
    };
  }
  std::vector<std::string> pulsed() {
    const std::lock_guard lock(mutex_);
    return pulsed_;
  }
  // What became of each opening, as the trail has it.
  std::vector<std::string> trail() {
    std::vector<std::string> list;
    for (const auto& record : executor.recorded())
      if (record.kind == AuditRecord::Kind::data_modification)
        list.push_back(record.user + " " + record.resource + " " + record.operation + " " +
                       (record.done ? *record.done ? "done" : "failed" : "begun"));
    return list;
  }
  std::vector<std::string> refusals() {
    std::vector<std::string> list;
    for (const auto& record : executor.recorded())
      if (record.kind == AuditRecord::Kind::authorization)
        list.push_back(record.user + " " + record.resource + " " + record.permission);
    return list;
  }
  // The account may do nothing any more.
  void disable(const char* name, bool disabled = true) {
    auto account = *stored().find(name);
    account->disabled = disabled;
    EXPECT_TRUE(stored().change(*account));
  }
  http::test::Reply on_socket(const std::string& path) {
    auto wire = server.control();
    return wire.ask("POST " + path + " HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n");
  }

 private:
  std::mutex mutex_;
  std::vector<std::string> pulsed_;
};

TEST_F(Outputs, ADoorOpensForASessionOfItsRoleAndIsOnRecord) {
  const auto reply = ask("POST", door, login("admin"));
  EXPECT_EQ(reply.status, 200) << reply.body;
  EXPECT_EQ(json::parse(reply.body), json({{"id", "door"}}));
  EXPECT_THAT(pulsed(), ElementsAre("door"));
  EXPECT_THAT(trail(), ElementsAre("admin /api/v1/outputs/door/open update begun",
                                   "admin /api/v1/outputs/door/open update done"));
}

TEST_F(Outputs, ADoorOfAdministratorsIsShutForUsersAndTheGateIsNot) {
  const auto user = login("user");
  EXPECT_EQ(ask("POST", door, user).status, 403);
  EXPECT_THAT(pulsed(), IsEmpty());
  EXPECT_THAT(refusals(), ElementsAre("user /api/v1/outputs/door/open admin"));
  EXPECT_EQ(ask("POST", gate, user).status, 200);
  EXPECT_THAT(pulsed(), ElementsAre("gate"));
}

TEST_F(Outputs, NeitherViewerNorMonitorNorStrangerOpensAnything) {
  EXPECT_EQ(ask("POST", gate).status, 401);
  for (const auto* role : {"viewer", "monitor"})
    EXPECT_EQ(ask("POST", gate, login(role)).status, 403) << role;
  EXPECT_THAT(pulsed(), IsEmpty());
}

TEST_F(Outputs, NoTokenOpensADoorWhateverItsScope) {
  const auto admin = login("admin");
  for (const std::string scope : {"view", "ring", "manage", "metrics", "alerts"}) {
    const auto made =
        ask("POST", "/api/v1/tokens", admin, json{{"name", scope}, {"scopes", json::array({scope})}});
    ASSERT_EQ(made.status, 201) << made.body;
    Client script;
    script.bearer = json::parse(made.body).at("token");
    EXPECT_EQ(ask("POST", door, script).status, 403) << scope;
    script.cookie = admin.cookie;  // the header counts
    EXPECT_EQ(ask("POST", door, script).status, 403) << scope;
  }
  EXPECT_THAT(pulsed(), IsEmpty());
}

TEST_F(Outputs, NoCommandOpensADoor) {
  EXPECT_EQ(on_socket(door).status, 403);
  const auto reply = on_socket("/api/v1/outputs/door/test");
  EXPECT_EQ(reply.status, 409);
  EXPECT_THAT(reply.body, HasSubstr("it opens for a session only"));
  EXPECT_THAT(pulsed(), IsEmpty());
}

TEST_F(Outputs, NoOtherPageOpensADoor) {
  auto forged = login("admin");
  forged.csrf.clear();
  EXPECT_EQ(ask("POST", door, forged).status, 403);
  auto foreign = login("admin");
  foreign.more = "Origin: https://evil.example\r\n";
  EXPECT_EQ(ask("POST", door, foreign).status, 403);
  EXPECT_THAT(pulsed(), IsEmpty());
}

TEST_F(Outputs, ASessionThatHasEndedOpensNoDoor) {
  const auto before = login("user");
  disable("user");
  reload();
  EXPECT_EQ(ask("POST", gate, before).status, 401) << "before the request";
  disable("user", false);
  reload();
  const auto waiting = login("user");
  executor.before_job = [this] {
    disable("user");
    EXPECT_TRUE(accounts->state().publish());
  };
  const auto reply = ask("POST", gate, waiting);
  executor.before_job = nullptr;
  EXPECT_EQ(reply.status, 403) << "while the order waited";
  EXPECT_THAT(reply.body, HasSubstr("the session has ended"));
  EXPECT_THAT(pulsed(), IsEmpty());
  EXPECT_THAT(trail(), IsEmpty());
}

TEST_F(Outputs, ASessionThatEndsWhileItIsPutOnRecordOpensNoDoor) {
  const auto user = login("user");
  executor.while_recording = [this] {
    executor.while_recording = nullptr;
    disable("user");
    EXPECT_TRUE(accounts->state().publish());
  };
  EXPECT_EQ(ask("POST", gate, user).status, 403);
  EXPECT_THAT(pulsed(), IsEmpty());
  EXPECT_THAT(trail(), ElementsAre("user /api/v1/outputs/gate/open update begun",
                                   "user /api/v1/outputs/gate/open update failed"));
}

TEST_F(Outputs, WhatIsNoDoorCannotBeOpened) {
  const auto admin = login("admin");
  EXPECT_EQ(ask("POST", "/api/v1/outputs/chime/open", admin).status, 404);
  const auto reply = ask("POST", "/api/v1/outputs/dor/open", admin);
  EXPECT_EQ(reply.status, 404);
  EXPECT_THAT(reply.body, HasSubstr("did you mean 'door'?"));
  EXPECT_THAT(pulsed(), IsEmpty());
}

TEST_F(Outputs, ADoorOpensSixTimesAMinuteForOneAccount) {
  const auto admin = login("admin");
  for (int i = 0; i < 6; ++i) EXPECT_EQ(ask("POST", gate, admin).status, 200) << i;
  const auto reply = ask("POST", gate, admin);
  EXPECT_EQ(reply.status, 429);
  EXPECT_EQ(reply.headers.at("retry-after"), "60");
  EXPECT_EQ(pulsed().size(), 6U);
  EXPECT_EQ(ask("POST", door, admin).status, 200) << "another door";
  EXPECT_EQ(ask("POST", gate, login("user")).status, 200) << "another account";
  clock.advance(std::chrono::seconds{61});
  EXPECT_EQ(ask("POST", gate, admin).status, 200);
}

TEST_F(Outputs, WhatCannotBeRecordedIsNotOpened) {
  const auto admin = login("admin");
  executor.audit_fails = true;
  EXPECT_EQ(ask("POST", door, admin).status, 503);
  EXPECT_THAT(pulsed(), IsEmpty());
}

TEST_F(Outputs, ALineThatFailsIsToldAndOnRecord) {
  house.on_pulse = [](const std::string&) -> Status {
    return Error(ErrorCode::not_found, "switch 'door' on: no GPIO chip in '/dev'");
  };
  const auto reply = ask("POST", door, login("admin"));
  EXPECT_EQ(reply.status, 503);
  EXPECT_THAT(reply.body, HasSubstr("no GPIO chip"));
  EXPECT_THAT(trail(), ElementsAre("admin /api/v1/outputs/door/open update begun",
                                   "admin /api/v1/outputs/door/open update failed"));
}

TEST_F(Outputs, AnOrderThatWaitedTooLongOpensNoDoor) {
  const auto admin = login("admin");
  executor.before_job = [this] { clock.advance(std::chrono::seconds{4}); };
  const auto reply = ask("POST", door, admin);
  executor.before_job = nullptr;
  EXPECT_EQ(reply.status, 503);
  EXPECT_THAT(reply.body, HasSubstr("stays shut"));
  EXPECT_THAT(pulsed(), IsEmpty());
  EXPECT_THAT(trail(), IsEmpty());
}

TEST_F(Outputs, ARecordThatTookTooLongOpensNoDoor) {
  const auto admin = login("admin");
  executor.while_recording = [this] {
    executor.while_recording = nullptr;
    clock.advance(std::chrono::seconds{4});
  };
  const auto reply = ask("POST", door, admin);
  EXPECT_EQ(reply.status, 503);
  EXPECT_THAT(reply.body, HasSubstr("stays shut"));
  EXPECT_THAT(pulsed(), IsEmpty());
  EXPECT_THAT(trail(), ElementsAre("admin /api/v1/outputs/door/open update begun",
                                   "admin /api/v1/outputs/door/open update failed"));
}

// Whoever was told no does not see it open: the order is void before anybody stops waiting for it.
TEST_F(Outputs, AnOrderThatNobodyAnswersIsVoidBeforeTheCallerIsTold) {
  std::promise<MonotonicTime> ordered;
  house.on_order = [&ordered](const PulseOrder& order, const std::function<void(Status)>&) {
    ordered.set_value(order.not_after);
  };
  const auto admin = login("admin");
  const auto begun = std::chrono::steady_clock::now();
  const auto reply = ask("POST", door, admin);
  const auto waited = std::chrono::steady_clock::now() - begun;
  house.on_order = nullptr;
  EXPECT_EQ(reply.status, 503);
  EXPECT_THAT(reply.body, HasSubstr("the outputs do not answer"));
  const auto valid_for = ordered.get_future().get() - clock.now();  // this clock stands still
  EXPECT_GT(valid_for, std::chrono::nanoseconds{0});
  EXPECT_LT(valid_for, waited);
}

// Part of its time was spent before it came to the lane.
TEST_F(Outputs, AnOrderLivesNoLongerThanThePatienceOfWhoAsked) {
  const auto admin = login("admin");
  executor.before_job = [this] { clock.advance(std::chrono::milliseconds{2500}); };
  std::promise<MonotonicTime> ordered;
  house.on_order = [&ordered](const PulseOrder& order, const std::function<void(Status)>& done) {
    ordered.set_value(order.not_after);
    done({});
  };
  EXPECT_EQ(ask("POST", door, admin).status, 200);
  executor.before_job = nullptr;
  house.on_order = nullptr;
  EXPECT_EQ(ordered.get_future().get() - clock.now(), std::chrono::milliseconds{500});
}

TEST_F(Outputs, ATrialIsForTheControlSocket) {
  const auto reply = on_socket("/api/v1/outputs/chime/test");
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(json::parse(reply.body), json({{"id", "chime"}}));
  EXPECT_THAT(pulsed(), ElementsAre("chime"));
  EXPECT_EQ(on_socket("/api/v1/outputs/bell/test").status, 404);
  house.on_pulse = [](const std::string&) -> Status { return Error(ErrorCode::already_exists, "busy"); };
  EXPECT_EQ(on_socket("/api/v1/outputs/chime/test").status, 503);
  EXPECT_EQ(ask("POST", "/api/v1/outputs/chime/test", login("admin")).status, 404);
}

TEST_F(Outputs, StatusShowsLightsToWhoSeesEveryCameraOnly) {
  house.status =
      R"({"outputs":[{"id":"green","on":"known"},{"id":"chime","on":"ring"},{"id":"door","on":"door"}]})";
  const auto shown = [&](const char* name) {
    std::vector<std::string> ids;
    const auto status = json::parse(ask("GET", "/api/v1/status", login(name)).body);
    for (const auto& output : status.at("outputs")) ids.push_back(output.at("id"));
    return ids;
  };
  EXPECT_THAT(shown("admin"), ElementsAre("green", "chime", "door"));
  EXPECT_THAT(shown("user"), ElementsAre("door"));
  EXPECT_THAT(shown("viewer"), IsEmpty());
}

}  // namespace
}  // namespace porchlight::api
