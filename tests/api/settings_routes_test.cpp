// SPDX-License-Identifier: Apache-2.0
// The settings page's routes: what is asked of the house, and how its answers look.
#include "api/account_client.hpp"

namespace porchlight::api {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::Not;
using Kind = SettingsOutcome::Kind;

constexpr const char* front = "/api/v1/settings/cameras/front";

class SettingsRoutes : public test::AccountsTest {
 protected:
  void SetUp() override {
    AccountsTest::SetUp();
    house.on_change = [this](const SettingsChange& change) -> Result<SettingsOutcome> {
      const std::lock_guard lock(mutex_);
      asked_.push_back(change);
      return outcome_;
    };
  }
  std::vector<SettingsChange> asked() {
    const std::lock_guard lock(mutex_);
    return asked_;
  }
  void answer_with(SettingsOutcome outcome) {
    const std::lock_guard lock(mutex_);
    outcome_ = std::move(outcome);
  }

 private:
  std::mutex mutex_;
  std::vector<SettingsChange> asked_;
  SettingsOutcome outcome_;
};

TEST_F(SettingsRoutes, AChangeIsHandedOnWithWhoAsks) {
  SettingsOutcome done;
  done.restarted = {"cameras.front"};
  answer_with(done);
  const auto reply =
      ask("PUT", front, login("admin"), json{{"url", "rtsp://cam/a"}, {"password", "hunter22"}});
  EXPECT_EQ(reply.status, 200) << reply.body;
  EXPECT_EQ(json::parse(reply.body)["restarted"], json::array({"cameras.front"}));
  ASSERT_EQ(asked().size(), 1u);
  const auto change = asked().front();
  EXPECT_EQ(change.section, "cameras");
  EXPECT_EQ(change.id, "front");
  EXPECT_EQ(json::parse(change.keys.value())["url"], "rtsp://cam/a");
  EXPECT_EQ(change.record.user, "admin");
  EXPECT_EQ(change.record.resource, front);
  EXPECT_EQ(json::parse(change.record.changes)["keys"], json::array({"password", "url"}));
  EXPECT_THAT(change.record.changes, Not(HasSubstr("hunter22")));
}

TEST_F(SettingsRoutes, FaultsComeKeyByKey) {
  answer_with({Kind::faulty, "the settings have faults, nothing was changed", {{"url", "unknown scheme"}}});
  const auto reply = ask("PUT", front, login("admin"), json{{"url", "rstp://cam/a"}});
  EXPECT_EQ(reply.status, 422);
  const auto body = json::parse(reply.body);
  EXPECT_EQ(body["faults"], (json::array({{{"key", "url"}, {"message", "unknown scheme"}}})));
  EXPECT_EQ(body["type"], "urn:porchlight:problem:bad-settings");
  answer_with({Kind::conflict, "written by hand"});
  EXPECT_EQ(ask("DELETE", front, login("admin")).status, 409);
  answer_with({Kind::not_found, "no such"});
  EXPECT_EQ(ask("DELETE", front, login("admin")).status, 404);
  answer_with({Kind::unavailable, "a worker did not stop"});
  EXPECT_EQ(ask("DELETE", front, login("admin")).status, 503);
}

TEST_F(SettingsRoutes, ARevisionIsTheTag) {
  const auto admin = login("admin");
  EXPECT_EQ(ask("GET", "/api/v1/settings", admin).headers.at("etag"), "\"0123abcd\"");
  SettingsOutcome done;
  done.revision = "4567";
  answer_with(done);
  const auto reply = ask("PUT", front, admin, json{{"name", "x"}});
  EXPECT_EQ(reply.headers.at("etag"), "\"4567\"");
  EXPECT_EQ(json::parse(reply.body)["revision"], "4567");
}

TEST_F(SettingsRoutes, IfMatchIsHandedOnAndAnotherRevisionRefused) {
  auto admin = login("admin");
  EXPECT_EQ(ask("DELETE", front, admin).status, 200);
  EXPECT_EQ(asked().back().if_match, std::nullopt);
  admin.more = "If-Match: \"0123abcd\"\r\n";
  answer_with({Kind::stale, "read them again"});
  for (const std::string method : {"PUT", "DELETE"}) {
    const auto reply = ask(method, front, admin, method == "PUT" ? std::string("{}") : std::string());
    EXPECT_EQ(reply.status, 412) << method;
    EXPECT_EQ(json::parse(reply.body)["detail"], "read them again");
    EXPECT_EQ(reply.headers.count("etag"), 0u);
    EXPECT_EQ(asked().back().if_match, "\"0123abcd\"");
  }
  admin.more = "If-Match:\r\n";  // no precondition that could be read is none that holds
  ask("DELETE", front, admin);
  EXPECT_EQ(asked().back().if_match, "");
  admin.more = "If-Match: \"a\"\r\nIf-Match: \"b\"\r\n";
  ask("DELETE", front, admin);
  EXPECT_EQ(asked().back().if_match, "\"a\", \"b\"");
}

TEST_F(SettingsRoutes, WhatIsNestedTooDeeplyIsRefusedBeforeItIsWalked) {
  const auto admin = login("admin");
  const auto nested = [](std::size_t levels) {
    return R"({"zones":)" + std::string(levels, '[') + std::string(levels, ']') + "}";
  };
  EXPECT_EQ(ask("PUT", front, admin, nested(9)).status, 200);
  for (const std::size_t levels : {10, 30, 30'000}) {
    EXPECT_EQ(ask("PUT", front, admin, nested(levels)).status, 400) << levels;
    EXPECT_EQ(ask("POST", "/api/v1/settings/cameras/trial", admin, nested(levels)).status, 400) << levels;
  }
  EXPECT_EQ(asked().size(), 1u);
}

TEST_F(SettingsRoutes, WhatIsNoEntryIsNotAskedFor) {
  const auto admin = login("admin");
  EXPECT_EQ(ask("PUT", "/api/v1/settings/server/x", admin, json{{"a", 1}}).status, 404);
  EXPECT_EQ(ask("PUT", "/api/v1/settings/cameras/Front", admin, json{{"a", 1}}).status, 400);
  EXPECT_EQ(ask("PUT", front, admin, std::string("[]")).status, 400);
  EXPECT_EQ(ask("PUT", front, admin, std::string("{")).status, 400);
  EXPECT_EQ(ask("PUT", front, admin, "a=b", "application/x-www-form-urlencoded").status, 415);
  EXPECT_EQ(ask("PUT", front, {admin.cookie}, json{{"a", 1}}).status, 403) << "without the token of the page";
  EXPECT_TRUE(asked().empty());
}

TEST_F(SettingsRoutes, ACameraNamedTrialCanBeChanged) {
  EXPECT_EQ(ask("PUT", "/api/v1/settings/cameras/trial", login("admin"), json{{"name", "x"}}).status, 200);
  EXPECT_EQ(asked().size(), 1u);
}

TEST_F(SettingsRoutes, ATrialShowsThePictureOrTheReason) {
  const auto admin = login("admin");
  house.on_camera_trial = [](const std::string& keys) -> Result<CameraTrialOutcome> {
    CameraTrialOutcome outcome;
    if (json::parse(keys)["url"] == "rtsp://busy/") return Error(ErrorCode::resource, "one is being tried");
    if (json::parse(keys)["url"] == "rtsp://wrong/") {
      outcome.reason = "auth";
      outcome.detail = "give the password";
      return outcome;
    }
    outcome.codec = "h264";
    outcome.width = 1920;
    outcome.height = 1080;
    outcome.took = std::chrono::milliseconds(412);
    outcome.picture = "\xff\xd8\xff";
    return outcome;
  };
  const auto trial = [&](const char* url) {
    return ask("POST", "/api/v1/settings/cameras/trial", admin, json{{"url", url}});
  };
  EXPECT_EQ(json::parse(trial("rtsp://cam/").body),
            json::parse(R"({"codec":"h264","width":1920,"height":1080,"took_ms":412,"picture":"/9j/"})"));
  const auto wrong = trial("rtsp://wrong/");
  EXPECT_EQ(wrong.status, 422);
  EXPECT_EQ(json::parse(wrong.body)["reason"], "auth");
  const auto busy = trial("rtsp://busy/");
  EXPECT_EQ(busy.status, 429);
  EXPECT_EQ(busy.headers.count("retry-after"), 1u);
}

TEST_F(SettingsRoutes, AChannelIsTried) {
  house.on_channel_trial = [](const auto& order) -> Result<ChannelTrialOutcome> {
    const auto& [id, record] = order;
    EXPECT_EQ(record.kind, AuditRecord::Kind::data_modification) << "an action, and no look";
    EXPECT_EQ(record.operation, "test");
    EXPECT_EQ(record.user, "admin");
    EXPECT_EQ(record.resource, "/api/v1/settings/channels/" + id + "/test");
    if (id == "none") return Error(ErrorCode::not_found, "there is no channel 'none'");
    if (id == "mqtt") return Error(ErrorCode::unsupported, "goes by the broker");
    return ChannelTrialOutcome{id == "good", id == "good" ? "" : "refused", std::chrono::milliseconds(7)};
  };
  const auto admin = login("admin");
  const auto tried = [&](const std::string& id) {
    return ask("POST", "/api/v1/settings/channels/" + id + "/test", admin);
  };
  EXPECT_EQ(json::parse(tried("good").body), json::parse(R"({"delivered":true,"took_ms":7})"));
  EXPECT_EQ(json::parse(tried("bad").body)["reason"], "refused");
  EXPECT_EQ(tried("none").status, 404);
  EXPECT_EQ(tried("mqtt").status, 409);
}

TEST_F(SettingsRoutes, RulesAreTried) {
  house.on_rule_trial = [](const RuleTrial& trial) -> Result<std::string> {
    if (trial.event != std::vector<std::string>{"ring", "front"})
      return Error(ErrorCode::invalid_argument, "no button 'frnt' (did you mean 'front'?)");
    return std::string(trial.at ? R"({"at":true})" : R"({"at":false})");
  };
  const auto admin = login("admin");
  const auto tried = [&](const json& body) {
    return ask("POST", "/api/v1/settings/rules/trial", admin, body);
  };
  EXPECT_EQ(tried({{"event", {"ring", "front"}}}).body, R"({"at":false})");
  EXPECT_EQ(tried({{"event", {"ring", "front"}}, {"at", "2026-11-27T22:00:00Z"}}).body, R"({"at":true})");
  EXPECT_EQ(tried({{"event", {"ring", "frnt"}}}).status, 422);
  EXPECT_EQ(tried({{"event", json::array()}}).status, 422);
  EXPECT_EQ(tried({{"event", {"ring", "front"}}, {"at", "soon"}}).status, 422);
  EXPECT_EQ(tried({{"evnt", 1}}).status, 400);
}

}  // namespace
}  // namespace porchlight::api
