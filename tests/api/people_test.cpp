// SPDX-License-Identifier: Apache-2.0
// Who is known, over the interface; the recogniser is the test's.
#include <fstream>

#include "api/account_client.hpp"
#include "api/uploads.hpp"
#include "porchlight/store/audit_anchor.hpp"
#include "porchlight/store/event_log.hpp"
#include "porchlight/store/gallery_store.hpp"
#include "porchlight/store/recognition_labels.hpp"

namespace porchlight::api {
namespace {

using nlohmann::json;
using test::Client;
using test::Reply;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

constexpr const char* form_type = "multipart/form-data; boundary=edge";

std::string part(const std::string& name, const std::string& bytes) {
  return "--edge\r\nContent-Disposition: form-data; name=\"" + name + "\"\r\n\r\n" + bytes + "\r\n";
}
std::string form(const std::string& name, const std::vector<std::string>& photos) {
  auto body = part("name", name);
  for (const auto& photo : photos) body += part("photo", photo);
  return body + "--edge--\r\n";
}

// A picture is a word here, and its face is made of the word.
FaceFound face_of(std::string_view word) {
  FaceFound face;
  face.embedding.fill(static_cast<float>(word.size()));
  face.model = "resnet-1";
  face.quality = 0.5;
  face.box = {0.25, 0.125, 0.5, 0.75};
  face.result = "known_person";
  face.person = "Anna";
  face.confidence = 0.91236;
  face.distance = 0.34567;
  face.alone = word != "anna and bert";
  return face;
}

Result<std::vector<FaceFound>> examine(std::string_view file, FaceWanted) {
  if (file == "empty") return Error(ErrorCode::not_found, "no face in the picture");
  if (file == "crowd") return Error(ErrorCode::already_exists, "two faces in the picture");
  if (file == "far" || file == "night") {
    auto face = face_of(file);
    face.refused = file == "far" ? "too_small" : "dark";
    face.detail = "the face is " + std::string(file);
    return std::vector<FaceFound>{face};
  }
  if (file == "torn") return Error(ErrorCode::corrupt, "the picture is broken or cut off");
  if (file == "bomb") return Error(ErrorCode::resource, "the picture is monstrous");
  if (file == "later") return Error(ErrorCode::unavailable, "too many photographs wait");
  return std::vector<FaceFound>{face_of(file)};
}

class PeopleRoutes : public test::AccountsTest {
 protected:
  void SetUp() override {
    AccountsTest::SetUp();
    house.on_examine = examine;
    auto opened = store::Database::open(data.path() / "porchlight.db", {}, nullptr);
    ASSERT_TRUE(opened.ok());
    database = std::move(*opened);
    admin = login("admin");
    executor.records.clear();
  }
  Reply enrol(const std::string& name, const std::vector<std::string>& photos) {
    return ask("POST", "/api/v1/people", admin, form(name, photos), form_type);
  }
  std::int64_t enrolled(const std::string& name, const std::string& photo) {
    const auto reply = enrol(name, {photo});
    EXPECT_EQ(reply.status, 201) << reply.body;
    executor.records.clear();
    return json::parse(reply.body)["person"]["id"];
  }
  std::vector<store::Person> known() { return *store::GalleryStore(*database).people(); }
  std::vector<std::string> results(const Reply& reply) {
    std::vector<std::string> words;
    const auto body = json::parse(reply.body);
    for (const auto& photo : body["photos"])
      words.push_back(photo.is_string() ? photo.get<std::string>() : photo["result"].get<std::string>());
    return words;
  }
  // operation, person, changes, end
  std::vector<std::string> acts() {
    std::vector<std::string> list;
    for (const auto& record : executor.recorded()) {
      if (record.kind == AuditRecord::Kind::data_access)
        list.push_back(record.operation + " " + record.resource);
      if (record.kind != AuditRecord::Kind::data_modification) continue;
      EXPECT_EQ(record.user, "admin");
      list.push_back(record.operation + " " + record.person + ": " + record.changes +
                     (record.changes_are_personal ? " (personal)" : "") +
                     (!record.done   ? " begun"
                      : *record.done ? " done"
                                     : " failed"));
    }
    return list;
  }
  std::unique_ptr<store::Database> database;
  Client admin;
};

TEST_F(PeopleRoutes, EnrolsWhatCanBeUsedAndSaysWhatBecameOfEachPhotograph) {
  const auto reply = enrol("Zoë", {"anna", "empty", "crowd", "far", "torn", "bomb", "anna2"});
  ASSERT_EQ(reply.status, 201) << reply.body;
  EXPECT_THAT(results(reply), ElementsAre("enrolled", "no_face", "several_faces", "face_too_small",
                                          "unreadable", "too_large", "enrolled"));
  const auto persons = known();
  ASSERT_THAT(persons, SizeIs(1));
  EXPECT_EQ(json::parse(reply.body)["person"],
            (json{{"id", persons[0].id}, {"name", "Zoë"}, {"listed_as", "known"}, {"faces", 2}}));
  EXPECT_EQ(reply.headers.at("location"), "/api/v1/people/" + std::to_string(persons[0].id));
  ASSERT_THAT(persons[0].faces, SizeIs(2));
  EXPECT_EQ(persons[0].faces[0].vector, face_of("anna").embedding);
  EXPECT_EQ(persons[0].faces[0].photo_sha256, sha256_hex("anna"));
  EXPECT_EQ(persons[0].faces[1].photo_sha256, sha256_hex("anna2"));
  EXPECT_THAT(acts(), ElementsAre("add Zoë: 2 photographs begun", "add Zoë: 2 photographs done"));
  EXPECT_EQ(house.told, 1);
}

TEST_F(PeopleRoutes, AFaceThatIsRefusedIsNotEnrolledAndTheReasonIsSaid) {
  const auto reply = enrol("Anna", {"night", "far"});
  EXPECT_EQ(reply.status, 422);
  EXPECT_EQ(json::parse(reply.body)["photos"],
            json::parse(R"([{"result":"face_unfit","refused":"dark","detail":"the face is night"},)"
                        R"({"result":"face_too_small","refused":"too_small","detail":"the face is far"}])"));
  EXPECT_THAT(known(), IsEmpty());
  const auto mixed = enrol("Anna", {"night", "anna"});
  ASSERT_EQ(mixed.status, 201) << mixed.body;
  EXPECT_THAT(results(mixed), ElementsAre("face_unfit", "enrolled"));
  ASSERT_THAT(known(), SizeIs(1));
  EXPECT_THAT(known()[0].faces, SizeIs(1));
  const auto photo = part("photo", "night") + "--edge--\r\n";
  const auto identified = ask("POST", "/api/v1/faces/identify", admin, photo, form_type);
  ASSERT_EQ(identified.status, 200) << identified.body;
  EXPECT_EQ(json::parse(identified.body)["faces"][0]["refused"], "dark");
}

TEST_F(PeopleRoutes, WithoutAUsablePhotographNobodyIsEnrolled) {
  const auto reply = enrol("Anna", {"empty", "torn"});
  EXPECT_EQ(reply.status, 422);
  EXPECT_THAT(results(reply), ElementsAre("no_face", "unreadable"));
  EXPECT_EQ(type_of(reply), "urn:porchlight:problem:unusable-photo");
  const auto later = enrol("Anna", {"empty", "later"});
  EXPECT_EQ(later.status, 503);
  EXPECT_EQ(later.headers.count("retry-after"), 1U);
  EXPECT_THAT(known(), IsEmpty());
  EXPECT_THAT(acts(), IsEmpty());
  EXPECT_EQ(house.told, 0);
}

TEST_F(PeopleRoutes, TheSamePhotographAgainIsADuplicateAndOneFace) {
  EXPECT_THAT(results(enrol("Anna", {"anna", "anna"})), ElementsAre("enrolled", "duplicate"));
  EXPECT_THAT(results(enrol("Anna", {"anna"})), ElementsAre("duplicate"));
  ASSERT_THAT(known(), SizeIs(1));
  EXPECT_THAT(known()[0].faces, SizeIs(1));
  // Of another person it is another face.
  EXPECT_THAT(results(enrol("Berta", {"anna"})), ElementsAre("enrolled"));
}

TEST_F(PeopleRoutes, AnUnfitNameIsRefusedBeforeAnythingIsLookedAt) {
  std::atomic<int> looked{0};
  house.on_examine = [&](std::string_view file, FaceWanted wanted) {
    return ++looked, examine(file, wanted);
  };
  for (const std::string name :
       {"", " Anna", "Anna ", "An\nna", "An\x1b[31mna", "An\x7fna", "An\xc2\x85na", "An\xffna", "\xc3"})
    EXPECT_EQ(enrol(name, {"anna"}).status, 422) << name;
  EXPECT_EQ(enrol(std::string(101, 'a'), {"anna"}).status, 422);
  EXPECT_EQ(looked, 0);
  EXPECT_EQ(enrol(std::string(100, 'a'), {"anna"}).status, 201);
  EXPECT_EQ(looked, 1);
}

TEST_F(PeopleRoutes, AFormThatSaysSomethingElseIsRefused) {
  for (const auto& body :
       {part("name", "Anna") + "--edge--\r\n", part("photo", "anna") + "--edge--\r\n",
        part("name", "Berta") + form("Anna", {"anna"}), part("role", "x") + form("Anna", {"anna"})})
    EXPECT_EQ(ask("POST", "/api/v1/people", admin, body, form_type).status, 400) << body;
  EXPECT_THAT(known(), IsEmpty());
}

TEST_F(PeopleRoutes, WhatCannotBeRecordedIsNotDone) {
  const auto id = std::to_string(enrolled("Anna", "anna"));
  executor.audit_fails = true;
  EXPECT_EQ(enrol("Berta", {"berta"}).status, 503);
  EXPECT_EQ(ask("PATCH", "/api/v1/people/" + id, admin, json{{"name", "Carla"}}).status, 503);
  EXPECT_EQ(ask("PATCH", "/api/v1/people/" + id, admin, json{{"listed_as", "blacklisted"}}).status, 503);
  EXPECT_EQ(ask("DELETE", "/api/v1/people/" + id, admin).status, 503);
  EXPECT_EQ(
      metric(R"(security_events_total{action_taken="logged",event_type="erasure_request",source="api"})"), 0);
  EXPECT_EQ(ask("DELETE", "/api/v1/faces/1", admin).status, 503);
  executor.audit_fails = false;
  ASSERT_THAT(known(), SizeIs(1));
  EXPECT_EQ(known()[0].name, "Anna");
  EXPECT_EQ(known()[0].listed_as, store::Listing::known);
  EXPECT_THAT(known()[0].faces, SizeIs(1));
}

TEST_F(PeopleRoutes, ChangesNameAndListingEachOnRecord) {
  const auto id = enrolled("Anna", "anna");
  enrolled("Berta", "berta");
  const auto path = "/api/v1/people/" + std::to_string(id);
  house.told = 0;
  EXPECT_EQ(ask("PATCH", path, admin, json{{"name", "Berta"}}).status, 409);
  EXPECT_EQ(ask("PATCH", path, admin, json{{"name", "Be\nrta"}}).status, 422);
  EXPECT_EQ(ask("PATCH", path, admin, json{{"listed_as", "friend"}}).status, 422);
  EXPECT_EQ(ask("PATCH", path, admin, json{{"role", "admin"}}).status, 400);
  EXPECT_EQ(ask("PATCH", "/api/v1/people/99", admin, json{{"name", "Dora"}}).status, 404);
  EXPECT_THAT(acts(), IsEmpty());
  const auto reply = ask("PATCH", path, admin, json{{"name", "Carla"}, {"listed_as", "blacklisted"}});
  ASSERT_EQ(reply.status, 200) << reply.body;
  EXPECT_EQ(json::parse(reply.body),
            (json{{"id", id}, {"name", "Carla"}, {"listed_as", "blacklisted"}, {"faces", 1}}));
  EXPECT_THAT(acts(), ElementsAre("update Anna: Carla (personal) begun", "update Anna: Carla (personal) done",
                                  "update Carla: listed as blacklisted begun",
                                  "update Carla: listed as blacklisted done"));
  EXPECT_EQ(house.told, 1);
  EXPECT_EQ(known()[1].listed_as, store::Listing::blacklisted);
}

TEST_F(PeopleRoutes, ForgetsAPersonOrOneFace) {
  const auto anna = enrolled("Anna", "anna");
  enrolled("Anna", "anna too");
  const auto berta = enrolled("Berta", "berta");
  const auto faces = json::parse(ask("GET", "/api/v1/faces", admin).body)["faces"];
  ASSERT_THAT(faces, SizeIs(3));
  EXPECT_EQ(faces[0]["person"], (json{{"id", anna}, {"name", "Anna"}}));
  EXPECT_EQ(faces[0]["photo_sha256"], sha256_hex("anna"));
  EXPECT_EQ(faces[0]["model"], "resnet-1");
  EXPECT_EQ(faces[0].size(), 5U) << "never the face itself";
  const auto face = "/api/v1/faces/" + std::to_string(faces[0]["id"].get<std::int64_t>());
  EXPECT_EQ(json::parse(ask("GET", face, admin).body), faces[0]);
  executor.records.clear();
  EXPECT_EQ(ask("DELETE", face, admin).status, 204);
  EXPECT_EQ(ask("DELETE", face, admin).status, 404);
  EXPECT_EQ(ask("GET", face, admin).status, 404);
  const auto number = face.substr(face.rfind('/') + 1);
  EXPECT_THAT(acts(), ElementsAre("delete Anna: face " + number + " forgotten begun",
                                  "delete Anna: face " + number + " forgotten done"));
  executor.records.clear();
  const std::string requests =
      R"(security_events_total{action_taken="logged",event_type="erasure_request",source="api"})";
  EXPECT_EQ(metric(requests), 0) << "one face is no person";
  const auto path = "/api/v1/people/" + std::to_string(berta);
  EXPECT_EQ(ask("DELETE", path, admin).status, 204);
  EXPECT_EQ(metric(requests), 1);
  EXPECT_EQ(ask("DELETE", path, admin).status, 404);
  EXPECT_EQ(metric(requests), 1);
  EXPECT_THAT(acts(),
              ElementsAre("delete Berta: person forgotten begun", "delete Berta: person forgotten done"));
  ASSERT_THAT(known(), SizeIs(1));
  EXPECT_EQ(known()[0].faces.at(0).photo_sha256, sha256_hex("anna too"));
}

TEST_F(PeopleRoutes, EveryLookIsOnRecordAndViewersHaveNone) {
  const auto id = enrolled("Anna", "anna");
  const auto reply = ask("GET", "/api/v1/people", login("user"));
  EXPECT_EQ(json::parse(reply.body),
            (json{{"people", {{{"id", id}, {"name", "Anna"}, {"listed_as", "known"}, {"faces", 1}}}}}));
  ask("GET", "/api/v1/faces", admin);
  EXPECT_THAT(acts(), ElementsAre("view /api/v1/people", "view /api/v1/faces"));
  const auto viewer = login("viewer");
  EXPECT_EQ(ask("GET", "/api/v1/people", viewer).status, 403);
  EXPECT_EQ(ask("GET", "/api/v1/faces", viewer).status, 403);
}

TEST_F(PeopleRoutes, SaysWhoIsInAPhotographAndRecordsEachTime) {
  const auto photo = part("photo", "anna") + "--edge--\r\n";
  for (int i = 0; i < 2; ++i) {
    const auto reply = ask("POST", "/api/v1/faces/identify", admin, photo, form_type);
    ASSERT_EQ(reply.status, 200) << reply.body;
    EXPECT_EQ(
        json::parse(reply.body)["faces"],
        json::parse(R"([{"result":"known_person","person":"Anna","confidence":0.9124,"distance":0.3457,)"
                    R"("quality":0.5,"box":[0.25,0.125,0.5,0.75]}])"));
  }
  EXPECT_THAT(acts(), ElementsAre("read /api/v1/faces/identify", "read /api/v1/faces/identify"));
  EXPECT_EQ(
      ask("POST", "/api/v1/faces/identify", admin, part("photo", "torn") + "--edge--\r\n", form_type).status,
      422);
  EXPECT_EQ(
      ask("POST", "/api/v1/faces/identify", admin, part("photo", "later") + "--edge--\r\n", form_type).status,
      503);
  EXPECT_EQ(ask("POST", "/api/v1/faces/identify", admin, part("photo", "a") + photo, form_type).status, 400);
  executor.audit_fails = true;
  EXPECT_EQ(ask("POST", "/api/v1/faces/identify", admin, photo, form_type).status, 503);
  EXPECT_THAT(known(), IsEmpty());
}

TEST_F(PeopleRoutes, EnrolsTheLargestFaceOfAnEventsPicture) {
  std::optional<FaceWanted> wanted;
  house.on_examine = [&](std::string_view file, FaceWanted which) {
    return wanted = which, examine(file, which);
  };
  event::Ring ring;
  ring.header = event::make_header(clock);
  ring.button_id = "front";
  store::EventLog log(*database);
  ASSERT_TRUE(log.append(ring, {}));
  const auto id = ring.header.id.text();
  const auto order = [&](const std::string& event) {
    return ask("POST", "/api/v1/people", admin, json{{"name", "Anna"}, {"event", event}});
  };
  EXPECT_EQ(order(id).status, 404) << "it has no picture yet";
  std::filesystem::create_directory(data.path() / "snapshots");
  std::ofstream(data.path() / "snapshots" / (id + ".jpg")) << "anna";
  ASSERT_TRUE(log.amend(ring.header.id, id + ".jpg", {}));
  EXPECT_EQ(order(event::EventId::generate(clock.wall()).text()).status, 404);
  EXPECT_EQ(order("../../etc/passwd").status, 422);
  const auto reply = order(id);
  ASSERT_EQ(reply.status, 201) << reply.body;
  EXPECT_EQ(wanted, FaceWanted::largest);
  EXPECT_EQ(known().at(0).faces.at(0).photo_sha256, sha256_hex("anna"));
  EXPECT_THAT(acts(), ElementsAre("add Anna: 1 photographs from event " + id + " begun",
                                  "add Anna: 1 photographs from event " + id + " done"));
}

TEST_F(PeopleRoutes, WhoIsEnrolledByAnEventIsSaidToHaveBeenThere) {
  std::vector<store::IdentityClaim> claims;
  house.on_label = [&](const store::IdentityClaim& claim) -> Result<store::RecognitionLabel> {
    EXPECT_EQ(known().size(), 1U) << "enrolled before";
    claims.push_back(claim);
    return store::RecognitionLabels(*database).put(claim);
  };
  event::Sighting seen;
  seen.header = event::make_header(clock);
  seen.camera_id = "porch";
  ASSERT_TRUE(store::EventLog(*database).append(seen, {}));
  const auto id = seen.header.id.text();
  std::filesystem::create_directory(data.path() / "snapshots");
  const auto enrol_from = [&](const std::string& photo) {
    std::ofstream(data.path() / "snapshots" / (id + ".jpg")) << photo;
    EXPECT_TRUE(store::EventLog(*database).amend(seen.header.id, id + ".jpg", {}));
    return ask("POST", "/api/v1/people", admin, json{{"name", "Anna"}, {"event", id}}).status;
  };
  EXPECT_EQ(enrol_from("night"), 422);
  EXPECT_THAT(claims, IsEmpty()) << "nobody was enrolled";
  clock.advance(std::chrono::seconds(10));
  ASSERT_EQ(enrol_from("anna"), 201);
  ASSERT_THAT(claims, SizeIs(1));
  EXPECT_EQ(claims[0].event, seen.header.id);
  EXPECT_EQ(claims[0].said, store::IdentitySaid::person);
  EXPECT_EQ(claims[0].person, "Anna");
  const auto label = store::RecognitionLabels(*database).of(seen.header.id);
  ASSERT_TRUE(label.ok() && *label);
  EXPECT_EQ((*label)->outcome, store::LabelOutcome::true_negative) << "nobody knew her then";
  EXPECT_EQ(enrol("Anna", {"anna2"}).status, 201);
  EXPECT_THAT(claims, SizeIs(1)) << "a photograph is no visit";
  ASSERT_EQ(enrol_from("anna and bert"), 201);
  EXPECT_THAT(claims, SizeIs(1)) << "the sighting may be of the other one";
}

TEST_F(PeopleRoutes, LargeBodiesWaitForTheirTurnBeforeTheyAreSent) {
  const auto head = [&](const std::string& type, std::size_t length) {
    return "POST /api/v1/people HTTP/1.1\r\nHost: house\r\nCookie: " + admin.cookie +
           "\r\nX-CSRF-Token: " + admin.csrf + "\r\nContent-Type: " + type +
           "\r\nContent-Length: " + std::to_string(length) + "\r\n\r\n";
  };
  EXPECT_EQ(server.tcp().ask(head("application/json", 9000)).status, 413);
  EXPECT_EQ(server.tcp().ask(head("image/jpeg", 9000)).status, 415);
  EXPECT_EQ(server.tcp().ask(head(form_type, upload_bytes + 1)).status, 413);
  {
    auto first = server.tcp();
    auto second = server.tcp();
    first.send(head(form_type, 1000));
    second.send(head(form_type, 1000));
    // Both heads have been read once their turns are taken.
    Reply third;
    for (int i = 0; i < 500 && third.status != 503; ++i) third = enrol("Anna", {"anna"});
    EXPECT_EQ(third.status, 503);
    EXPECT_EQ(third.headers.count("retry-after"), 1U);
    // JSON needs no turn to be sent.
    EXPECT_EQ(ask("POST", "/api/v1/people", admin, json{{"name", "Anna"}, {"event", "x"}}).status, 422);
  }
  Reply again;
  for (int i = 0; i < 500 && again.status != 201; ++i) again = enrol("Anna", {"anna"});
  EXPECT_EQ(again.status, 201) << "a client that has gone holds no turn";
}

TEST_F(PeopleRoutes, SaysBusyWhenItsThreadHasTooMuchToDo) {
  librarian.full = true;
  for (const auto& reply : {enrol("Anna", {"anna"}), ask("GET", "/api/v1/people", admin)}) {
    EXPECT_EQ(reply.status, 503);
    EXPECT_EQ(reply.headers.count("retry-after"), 1U);
  }
  librarian.full = false;
  EXPECT_EQ(enrol("Anna", {"anna"}).status, 201);
}

}  // namespace
}  // namespace porchlight::api
