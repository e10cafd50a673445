// SPDX-License-Identifier: Apache-2.0
#include "api/look_house.hpp"
#include "store/connection.hpp"

namespace porchlight::api {
namespace {

using namespace std::chrono_literals;
using test::Client;
using testing::ElementsAre;
using testing::HasSubstr;

class EventRoutes : public test::LookTest {};

TEST_F(EventRoutes, ListIsNewestFirstWithWhatEachEventSaysAndItsPicture) {
  const auto old = ring("porch");
  event::Sighting seen;
  seen.header = event::make_header(clock);
  seen.header.at += 1s;
  seen.header.id = event::EventId::generate(seen.header.at);
  seen.camera_id = "porch";
  seen.verdict = event::Verdict::known_person;
  seen.person = "Anna";
  const auto sighting = commit(seen);
  add_picture(old, "a picture");
  const auto page = json("/api/v1/events", login("admin"));
  ASSERT_EQ(ids(page), (std::vector{sighting, old}));
  EXPECT_TRUE(page.at("next_cursor").is_null());
  auto expected = nlohmann::json::parse(event::to_json(seen));
  expected["snapshot"] = nullptr;
  EXPECT_EQ(page["events"][0], expected);
  EXPECT_EQ(page["events"][1]["snapshot"], "/api/v1/events/" + old + "/snapshot");
  EXPECT_EQ(json("/api/v1/events/" + old, login("admin")), page["events"][1]);
}

TEST_F(EventRoutes, PagesShowEachEventOnceWhileNewOnesArrive) {
  std::vector<std::string> before;
  for (int i = 0; i < 7; ++i) before.insert(before.begin(), ring("porch", i * 1ms));
  const auto client = login("admin");
  std::vector<std::string> walked;
  std::string path = "/api/v1/events?limit=3";
  for (int pages = 0; pages < 9; ++pages) {
    const auto page = json(path, client);
    const auto some = ids(page);
    walked.insert(walked.end(), some.begin(), some.end());
    ring("porch", 1s + pages * 1ms);
    if (page.at("next_cursor").is_null()) break;
    path = "/api/v1/events?limit=3&cursor=" + page.at("next_cursor").get<std::string>();
  }
  EXPECT_EQ(walked, before);
}

TEST_F(EventRoutes, LastPageThatIsExactlyFullHasNoCursor) {
  ring("porch");
  ring("porch", 1ms);
  EXPECT_TRUE(json("/api/v1/events?limit=2", login("admin")).at("next_cursor").is_null());
  EXPECT_TRUE(json("/api/v1/events?limit=1", login("admin")).at("next_cursor").is_string());
}

TEST_F(EventRoutes, FiltersByTypeCameraAndTime) {
  const auto porch = ring("porch");
  const auto lawn = ring("lawn", 1000ms);
  const auto lost =
      commit(event::CameraLost{{event::EventId::generate(clock.wall() + 2s), clock.wall() + 2s, {}, {}},
                               "porch",
                               event::CameraFault::stalled});
  const auto client = login("admin");
  const auto found = [&](const std::string& query) { return ids(json("/api/v1/events?" + query, client)); };
  EXPECT_THAT(found("type=ring"), ElementsAre(lawn, porch));
  EXPECT_THAT(found("type=camera_lost"), ElementsAre(lost));
  EXPECT_THAT(found("camera=porch"), ElementsAre(lost, porch));
  EXPECT_THAT(found("camera=porch&type=ring"), ElementsAre(porch));
  EXPECT_THAT(found("camera=attic"), ElementsAre());
  const auto at = [&](std::chrono::milliseconds offset) { return rfc3339(clock.wall() + offset); };
  EXPECT_THAT(found("after=" + at(1s)), ElementsAre(lost, lawn));
  EXPECT_THAT(found("after=" + at(1001ms)), ElementsAre(lost));
  EXPECT_THAT(found("before=" + at(1s)), ElementsAre(porch));
  EXPECT_THAT(found("after=" + at(0ms) + "&before=" + at(2s)), ElementsAre(lawn, porch));
  EXPECT_THAT(found("before=1969-01-01T00:00:00Z"), ElementsAre());
  EXPECT_THAT(found("after=1969-01-01T00:00:00Z"), ElementsAre(lost, lawn, porch));
}

TEST_F(EventRoutes, EachBadParameterIsRefusedByName) {
  const auto client = login("admin");
  for (const auto& [query, name] :
       std::vector<std::pair<std::string, std::string>>{{"limit=0", "limit"},
                                                        {"limit=501", "limit"},
                                                        {"limit=many", "limit"},
                                                        {"cursor=x", "cursor"},
                                                        {"cursor=MS54", "cursor"},
                                                        {"cursor=%2e%2e", "cursor"},
                                                        {"type=rings", "type"},
                                                        {"type=", "type"},
                                                        {"after=now", "after"},
                                                        {"before=2025", "before"},
                                                        {"camera=", "camera"},
                                                        {"sort=asc", "sort"},
                                                        {"limit=1&limit=2", "limit"}}) {
    const auto reply = ask("GET", "/api/v1/events?" + query, client);
    EXPECT_EQ(reply.status, 400) << query;
    EXPECT_THAT(reply.body, HasSubstr("'" + name + "'")) << query;
  }
  EXPECT_EQ(ask("GET", "/api/v1/events?limit=500", client).status, 200);
  EXPECT_EQ(ask("GET", "/api/v1/events/stream?limit=1", client).status, 400);
  EXPECT_EQ(ask("GET", "/api/v1/cameras/porch?x=1", client).status, 400);
}

TEST_F(EventRoutes, OnlyGrantedCamerasAndNoneOfNoCameraAreListed) {
  const auto porch = ring("porch");
  const auto lawn = ring("lawn", 1ms);
  const auto nowhere = ring("", 2ms);
  EXPECT_THAT(ids(json("/api/v1/events", login("viewer"))), ElementsAre(porch));
  EXPECT_THAT(ids(json("/api/v1/events", login("user"))), ElementsAre(lawn));
  EXPECT_THAT(ids(json("/api/v1/events", login("admin"))), ElementsAre(nowhere, lawn, porch));
  grant("viewer", {});
  reload();
  EXPECT_THAT(ids(json("/api/v1/events", login("viewer"))), ElementsAre());
  // Several cameras are one list.
  grant("viewer", {false, {"porch", "lawn"}});
  reload();
  EXPECT_THAT(ids(json("/api/v1/events", login("viewer"))), ElementsAre(lawn, porch));
}

TEST_F(EventRoutes, EventOfAnotherCameraIsNotThereAndTheAskingIsOnRecord) {
  const auto lawn = ring("lawn");
  add_picture(lawn, "secret");
  const auto client = login("viewer");
  const auto stranger = ask("GET", "/api/v1/events/" + event::EventId::generate(clock.wall()).text(), client);
  EXPECT_EQ(stranger.status, 404);
  EXPECT_EQ(executor.recorded().back().kind, AuditRecord::Kind::authentication) << "nothing was refused yet";
  for (const auto* tail : {"", "/snapshot"}) {
    const auto path = "/api/v1/events/" + lawn + tail;
    const auto reply = ask("GET", path, client);
    EXPECT_EQ(reply.status, 404);
    EXPECT_EQ(nlohmann::json::parse(reply.body)["detail"], nlohmann::json::parse(stranger.body)["detail"]);
    const auto record = executor.recorded().back();
    EXPECT_EQ(record.kind, AuditRecord::Kind::authorization);
    EXPECT_FALSE(record.success);
    EXPECT_EQ(record.user, "viewer");
    EXPECT_EQ(record.resource, path);
    EXPECT_EQ(record.permission, "viewer camera 'lawn'");
  }
  EXPECT_EQ(
      metric(
          R"(security_events_total{action_taken="blocked",event_type="unauthorized_access",source="api"})"),
      2);
  EXPECT_EQ(ask("GET", "/api/v1/events?camera=lawn", client).status, 403);
  EXPECT_EQ(executor.recorded().back().permission, "viewer camera 'lawn'");
}

TEST_F(EventRoutes, PictureComesWholeInPartsAndNotAgain) {
  const auto id = ring("porch");
  const auto path = "/api/v1/events/" + id + "/snapshot";
  auto client = login("viewer");
  EXPECT_EQ(ask("GET", path, client).status, 404) << "it has none yet";
  add_picture(id, "0123456789");
  auto whole = ask("GET", path, client);
  EXPECT_EQ(whole.status, 200);
  EXPECT_EQ(whole.body, "0123456789");
  EXPECT_EQ(whole.headers["content-type"], "image/jpeg");
  EXPECT_EQ(whole.headers["cache-control"], "no-store");
  client.more = "Range: bytes=2-4\r\n";
  const auto part = ask("GET", path, client);
  EXPECT_EQ(part.status, 206);
  EXPECT_EQ(part.body, "234");
  client.more = "Range: bytes=90-\r\n";
  EXPECT_EQ(ask("GET", path, client).status, 416);
  client.more = "If-None-Match: " + whole.headers["etag"] + "\r\n";
  EXPECT_EQ(ask("GET", path, client).status, 304);
  client.more = {};
  std::filesystem::remove(data.path() / "snapshots" / (id + ".jpg"));
  EXPECT_EQ(ask("GET", path, client).status, 404) << "the file is gone";
}

TEST_F(EventRoutes, IdsLeadNowhereElse) {
  std::ofstream(data.path() / "snapshots" / "other.jpg") << "not of an event";
  std::ofstream(data.path() / "secret.jpg") << "secret";
  const auto client = login("admin");
  for (const auto* id :
       {"other", "other.jpg", "..%2fsecret", "..%2fsecret.jpg", "%2e%2e%2fsecret.jpg", "..%5csecret",
        "....//secret", "a", "0", "%00", "0193b0c4-0000-7000-8000-00000000000g"}) {
    for (const auto* tail : {"", "/snapshot"}) {
      const auto reply = ask("GET", std::string("/api/v1/events/") + id + tail, client);
      EXPECT_TRUE(reply.status == 404 || reply.status == 400) << id << tail << ' ' << reply.status;
    }
  }
  // A row that names what is no picture of the folder is not followed either.
  const auto id = ring("porch");
  ASSERT_TRUE(log().amend(*event::EventId::parse(id), "../secret.jpg", {}));
  EXPECT_EQ(ask("GET", "/api/v1/events/" + id + "/snapshot", client).status, 404);
}

TEST_F(EventRoutes, EachLookIsOnRecordOnceAMinute) {
  const auto id = ring("porch");
  add_picture(id, "0123456789");
  const auto viewer = login("viewer");
  const auto picture = "/api/v1/events/" + id + "/snapshot";
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(ask("GET", "/api/v1/events?limit=1", viewer).status, 200);
    EXPECT_EQ(ask("GET", picture, viewer).status, 200);
  }
  EXPECT_EQ(ask("GET", picture, login("admin")).status, 200);
  EXPECT_EQ(ask("GET", "/api/v1/events/nothing", viewer).status, 404);
  auto seen = looks();
  ASSERT_EQ(seen.size(), 3U);
  EXPECT_EQ(seen[0].resource, "/api/v1/events");
  EXPECT_EQ(seen[0].user, "viewer");
  EXPECT_EQ(seen[0].operation, "view");
  EXPECT_EQ(seen[0].ip_address, "127.0.0.1");
  EXPECT_EQ(seen[1].resource, picture);
  EXPECT_EQ(seen[2].user, "admin");
  clock.advance(61s);
  EXPECT_EQ(ask("GET", picture, viewer).status, 200);
  EXPECT_EQ(looks().size(), 4U);
}

TEST_F(EventRoutes, ALookThatCannotBeRecordedIsServedAndTriedAgain) {
  const auto viewer = login("viewer");
  executor.audit_fails = true;
  EXPECT_EQ(ask("GET", "/api/v1/events", viewer).status, 200);
  executor.audit_fails = false;
  EXPECT_TRUE(looks().empty());
  EXPECT_EQ(ask("GET", "/api/v1/events", viewer).status, 200);
  EXPECT_EQ(looks().size(), 1U);
}

TEST_F(EventRoutes, ABusyLibraryRefusesAndSaysWhenToComeAgain) {
  const auto client = login("admin");
  librarian.full = true;
  for (const auto* path :
       {"/api/v1/events", "/api/v1/events/x", "/api/v1/events/stream", "/api/v1/cameras/porch/snapshot"}) {
    auto reply = ask("GET", path, client);
    EXPECT_EQ(reply.status, 503) << path;
    EXPECT_EQ(reply.headers["retry-after"], "2") << path;
  }
  librarian.full = false;
  EXPECT_EQ(ask("GET", "/api/v1/events", client).status, 200);
}

TEST_F(EventRoutes, ADamagedDatabaseIsSaidWithoutItsPathAndOpenedAgain) {
  const auto client = login("admin");
  EXPECT_EQ(ask("GET", "/api/v1/events", client).status, 200);
  const auto rename = [&](const std::string& from, const std::string& to) {
    ASSERT_TRUE(database_->connection().execute(store::QueryType::schema,
                                                "ALTER TABLE " + from + " RENAME TO " + to));
  };
  rename("events", "elsewhere");
  auto reply = ask("GET", "/api/v1/events", client);
  EXPECT_EQ(reply.status, 503);
  EXPECT_EQ(reply.body.find(data.path().string()), std::string::npos);
  rename("elsewhere", "events");
  EXPECT_EQ(ask("GET", "/api/v1/events", client).status, 200);
}

TEST_F(EventRoutes, TokensNeedTheScopeToView) {
  const auto admin = login("admin");
  const auto token = [&](const char* scope) {
    Client client;
    client.bearer =
        nlohmann::json::parse(
            ask("POST", "/api/v1/tokens", admin, nlohmann::json{{"name", scope}, {"scopes", {scope}}}).body)
            .at("token")
            .get<std::string>();
    return client;
  };
  EXPECT_EQ(ask("GET", "/api/v1/events", token("view")).status, 200);
  EXPECT_EQ(ask("GET", "/api/v1/events", token("ring")).status, 403);
}

}  // namespace
}  // namespace porchlight::api
