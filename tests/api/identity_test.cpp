// SPDX-License-Identifier: Apache-2.0
// Saying who was seen; the labels are written as the store lane writes them.
#include "api/look_house.hpp"
#include "porchlight/store/gallery_store.hpp"
#include "porchlight/store/recognition_labels.hpp"
#include "store/connection.hpp"

namespace porchlight::api {
namespace {

using Json = nlohmann::json;
using testing::ElementsAre;

class Identity : public test::LookTest {
 protected:
  void SetUp() override {
    LookTest::SetUp();
    house.on_label = [this](const store::IdentityClaim& claim) -> Result<store::RecognitionLabel> {
      auto database = store::Database::open(data.path() / "porchlight.db", {}, nullptr);
      if (!database) return std::move(database).error();
      return store::RecognitionLabels(**database).put(claim);
    };
    store::EnrolledFace face;
    face.model_version = "resnet-1";
    face.photo_sha256 = "aa";
    face.created = clock.wall() - std::chrono::hours(1);
    ASSERT_TRUE(store::GalleryStore(*database_).enrol("Anna", face));
  }
  std::string see(const std::string& person, const std::string& camera = "lawn") {
    event::Sighting seen;
    seen.header = {event::EventId::generate(clock.wall()), clock.wall(), MonotonicTime{},
                   event::TraceContext::start()};
    seen.camera_id = camera;
    seen.verdict = person.empty() ? event::Verdict::unknown_person : event::Verdict::known_person;
    seen.person = person;
    seen.model_version = "resnet-1";
    return commit(seen);
  }
  static std::string path(const std::string& id) { return "/api/v1/events/" + id + "/identity"; }
  test::Reply put(const std::string& id, const test::Client& client, const Json& body) {
    return ask("PUT", path(id), client, body);
  }
  std::string outcome(const std::string& id, const Json& body) {
    const auto reply = put(id, login("user"), body);
    EXPECT_EQ(reply.status, 200) << reply.body;
    return reply.status == 200 ? Json::parse(reply.body)["identity"]["outcome"].get<std::string>() : "";
  }
  std::int64_t labels() {
    return *database_->connection().scalar(store::QueryType::select,
                                           "SELECT count(*) FROM recognition_labels");
  }
  // changes, end; once the jobs that were asked for before are done
  std::vector<std::string> acts() {
    librarian.do_now([] {});
    std::vector<std::string> list;
    for (const auto& record : executor.recorded()) {
      if (record.kind != AuditRecord::Kind::data_modification) continue;
      EXPECT_EQ(record.user, "user");
      EXPECT_EQ(record.person, "");
      list.push_back(record.operation + " " + record.resource + ": " + record.changes +
                     (!record.done   ? " begun"
                      : *record.done ? " done"
                                     : " failed"));
    }
    return list;
  }
};

TEST_F(Identity, IsComparedWithTheSighting) {
  EXPECT_EQ(outcome(see("Anna"), {{"is", "Anna"}}), "true_positive");
  EXPECT_EQ(outcome(see("Anna"), {{"is_not", true}}), "false_positive");
  EXPECT_EQ(outcome(see(""), {{"is", "Anna"}}), "false_negative");
  EXPECT_EQ(outcome(see(""), {{"stranger", true}}), "true_negative");
}

TEST_F(Identity, ShowsInTheEventAndInTheListUntilSomethingElseIsSaid) {
  const auto id = see("Anna");
  see("");
  const auto user = login("user");
  EXPECT_FALSE(LookTest::json("/api/v1/events/" + id, user).contains("identity"));
  const auto reply = put(id, user, {{"is", "Anna"}});
  ASSERT_EQ(reply.status, 200) << reply.body;
  const auto body = Json::parse(reply.body);
  const Json identity{{"is", "Anna"}, {"outcome", "true_positive"}, {"at", rfc3339(clock.wall())}};
  EXPECT_EQ(body, (Json{{"event", id}, {"identity", identity}}));
  EXPECT_EQ(LookTest::json("/api/v1/events/" + id, user)["identity"], identity);
  const auto listed = LookTest::json("/api/v1/events", user)["events"];
  ASSERT_EQ(listed.size(), 2U);
  for (const auto& event : listed)
    EXPECT_EQ(event.value("identity", Json()), event["id"] == id ? identity : Json());
  ASSERT_EQ(put(id, user, {{"stranger", true}}).status, 200);
  EXPECT_EQ(LookTest::json("/api/v1/events/" + id, user)["identity"],
            (Json{{"stranger", true}, {"outcome", "false_positive"}, {"at", rfc3339(clock.wall())}}));
  ASSERT_EQ(put(id, user, {{"is", "Anna"}}).status, 200);
  ASSERT_TRUE(store::GalleryStore(*database_).forget("Anna"));
  EXPECT_EQ(LookTest::json("/api/v1/events/" + id, user)["identity"]["is"], Json());
}

TEST_F(Identity, OfARingGoesToTheSightingThatAnswersIt) {
  const auto ring = LookTest::ring("lawn");
  EXPECT_EQ(put(ring, login("user"), {{"is", "Anna"}}).status, 409) << "not answered yet";
  clock.advance(std::chrono::seconds(1));
  event::Sighting answer;
  answer.header = {event::EventId::generate(clock.wall()), clock.wall(), MonotonicTime{},
                   event::TraceContext::start()};
  answer.camera_id = "lawn";
  answer.verdict = event::Verdict::known_person;
  answer.person = "Anna";
  answer.ring_id = event::EventId::parse(ring);
  const auto sighting = commit(answer);
  const auto reply = put(ring, login("user"), {{"is", "Anna"}});
  ASSERT_EQ(reply.status, 200) << reply.body;
  EXPECT_EQ(Json::parse(reply.body)["event"], sighting);
}

TEST_F(Identity, IsForThoseWhoMaySeeTheCameraAndAct) {
  const auto lawn = see("Anna", "lawn");
  const auto porch = see("Anna", "porch");
  const Json body{{"is", "Anna"}};
  EXPECT_EQ(put(lawn, login("viewer"), body).status, 403);
  EXPECT_EQ(put(porch, login("viewer"), body).status, 403) << "sees it, and no more";
  EXPECT_EQ(put(porch, login("user"), body).status, 404) << "not the camera";
  EXPECT_EQ(put("x", login("user"), body).status, 404);
  EXPECT_EQ(put("0199d7b0-7c1e-7a52-9d1e-3f2b8c6a5e01", login("admin"), body).status, 404);
  auto forged = login("user");
  forged.csrf.clear();
  EXPECT_EQ(put(lawn, forged, body).status, 403);
  librarian.do_now([] {});
  EXPECT_EQ(labels(), 0);
}

TEST_F(Identity, WhatCannotBeComparedOrIsNotSaidIsRefused) {
  const auto named = see("Anna");
  const auto user = login("user");
  EXPECT_EQ(put(named, user, {{"is", "Zoë"}}).status, 422) << "nobody of that name is enrolled";
  EXPECT_EQ(put(named, user, {{"is", " Anna"}}).status, 422);
  EXPECT_EQ(put(named, user, {{"is_not", false}}).status, 422);
  EXPECT_EQ(put(named, user, {{"stranger", false}}).status, 422);
  EXPECT_EQ(put(named, user, Json::object()).status, 400);
  EXPECT_EQ(put(named, user, {{"is", "Anna"}, {"stranger", true}}).status, 400);
  EXPECT_EQ(put(named, user, {{"is", 1}}).status, 400);
  EXPECT_EQ(put(named, user, {{"who", "Anna"}}).status, 400);
  EXPECT_EQ(ask("PUT", path(named), user).status, 415);
  EXPECT_EQ(put(see(""), user, {{"is_not", true}}).status, 409) << "it names nobody";
  event::CameraLost lost;
  lost.header = event::make_header(clock);
  lost.camera_id = "lawn";
  EXPECT_EQ(put(commit(lost), user, {{"stranger", true}}).status, 409);
  EXPECT_EQ(labels(), 0);
}

TEST_F(Identity, IsOnRecordBeforeAndAfterWithoutAName) {
  const auto id = see("Anna");
  const auto user = login("user");
  executor.records.clear();
  ASSERT_EQ(put(id, user, {{"is", "Anna"}}).status, 200);
  const auto said = "update " + path(id) + ": who was seen: somebody enrolled";
  EXPECT_THAT(acts(), ElementsAre(said + " begun", said + " done"));
  executor.records.clear();
  EXPECT_EQ(put(id, user, {{"is", "Zoë"}}).status, 422);
  EXPECT_THAT(acts(), ElementsAre(said + " begun", said + " failed"));
}

TEST_F(Identity, WhatCannotBeRecordedOrWrittenIsNotDone) {
  const auto id = see("Anna");
  const auto user = login("user");
  executor.audit_fails = true;
  EXPECT_EQ(put(id, user, {{"is", "Anna"}}).status, 503);
  executor.audit_fails = false;
  EXPECT_EQ(labels(), 0);
  house.on_label = decltype(house.on_label.get())();
  const auto reply = put(id, user, {{"is", "Anna"}});
  EXPECT_EQ(reply.status, 503);
  EXPECT_EQ(reply.headers.count("retry-after"), 1U);
}

}  // namespace
}  // namespace porchlight::api
