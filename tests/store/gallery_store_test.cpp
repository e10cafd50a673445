// SPDX-License-Identifier: Apache-2.0
#include "porchlight/store/gallery_store.hpp"

#include <gmock/gmock.h>
#include <sqlite3.h>

#include <atomic>
#include <chrono>
#include <cmath>
#include <cstring>
#include <fstream>
#include <sstream>
#include <thread>

#include "store/fixture.hpp"

namespace porchlight::store {
namespace {

using testing::HasSubstr;

EnrolledFace face_of(float seed, const std::string& photo) {
  EnrolledFace face;
  for (std::size_t i = 0; i < embedding_length; ++i) face.vector[i] = seed + static_cast<float>(i) / 128;
  face.model_version = "resnet-1";
  face.photo_sha256 = photo;
  face.created = at_second(5);
  return face;
}

// What lies on the disk of the database and its log.
std::string bytes_of(const Folder& folder) {
  std::string all;
  for (const auto& entry : std::filesystem::directory_iterator(folder.path())) {
    std::ifstream file(entry.path(), std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    all += text.str();
  }
  return all;
}

std::string raw(const EnrolledFace& face) {
  return {reinterpret_cast<const char*>(face.vector.data()), sizeof face.vector};
}

struct GalleryStoreTest : testing::Test {
  Folder folder;
  std::unique_ptr<Database> database = open_or_fail(folder / "porchlight.db");
  GalleryStore gallery{*database};
};

TEST_F(GalleryStoreTest, EnrolledFacesComeBackByPersonWithEveryField) {
  const auto first = face_of(1, "aa");
  const auto second = face_of(2, "bb");
  ASSERT_TRUE(gallery.enrol("Zoë", first));
  ASSERT_TRUE(gallery.enrol("Zoë", second));
  ASSERT_TRUE(gallery.enrol("Adam", face_of(3, "aa")));
  const auto people = gallery.people();
  ASSERT_TRUE(people.ok()) << people.error().text();
  ASSERT_EQ(people->size(), 2U);
  EXPECT_EQ(people->at(0).name, "Adam");
  EXPECT_EQ(people->at(1).name, "Zoë");
  EXPECT_EQ(people->at(1).listed_as, Listing::known);
  ASSERT_EQ(people->at(1).faces.size(), 2U);
  EXPECT_EQ(people->at(1).faces[0].vector, first.vector);
  EXPECT_EQ(people->at(1).faces[1].vector, second.vector);
  EXPECT_EQ(people->at(1).faces[1].photo_sha256, "bb");
  EXPECT_EQ(people->at(1).faces[1].model_version, "resnet-1");
  EXPECT_EQ(people->at(1).faces[1].created, at_second(5));
  EXPECT_EQ(*gallery.person_count(), 2U);
}

TEST_F(GalleryStoreTest, SamePhotographReplacesItsFaceAndAnotherModelStandsBeside) {
  ASSERT_TRUE(gallery.enrol("Zoë", face_of(1, "aa")));
  ASSERT_TRUE(gallery.enrol("Zoë", face_of(9, "aa")));
  auto other_model = face_of(4, "aa");
  other_model.model_version = "resnet-2";
  ASSERT_TRUE(gallery.enrol("Zoë", other_model));
  const auto people = gallery.people();
  ASSERT_EQ(people->at(0).faces.size(), 2U);
  EXPECT_EQ(people->at(0).faces[0].vector, face_of(9, "aa").vector);
}

EnrolledFace with_second(EnrolledFace face, float seed) {
  for (int i = 0; i < 512; ++i) face.second.push_back(seed + static_cast<float>(i) / 512);
  face.second_version = "mobile-1";
  return face;
}

std::string raw_second(const EnrolledFace& face) {
  return {reinterpret_cast<const char*>(face.second.data()), face.second.size() * sizeof(float)};
}

TEST_F(GalleryStoreTest, ASecondEmbeddingStandsWithItsPhotograph) {
  const auto both = with_second(face_of(1, "aa"), 3);
  ASSERT_TRUE(gallery.enrol("Zoë", both));
  ASSERT_TRUE(gallery.enrol("Zoë", face_of(2, "bb")));
  const auto faces = gallery.people()->at(0).faces;
  ASSERT_EQ(faces.size(), 2U) << "one entry a photograph";
  EXPECT_EQ(faces[0].second, both.second);
  EXPECT_EQ(faces[0].second_version, "mobile-1");
  EXPECT_TRUE(faces[1].second.empty());
  EXPECT_EQ((*gallery.find("Zoë"))->faces[0].second, both.second);
  // Enrolled again while the second network is off: what was stored stays.
  ASSERT_TRUE(gallery.enrol("Zoë", face_of(5, "aa")));
  EXPECT_EQ(gallery.people()->at(0).faces[0].vector, face_of(5, "aa").vector);
  EXPECT_EQ(gallery.people()->at(0).faces[0].second, both.second);
  // And on again: both are new.
  ASSERT_TRUE(gallery.enrol("Zoë", with_second(face_of(6, "aa"), 4)));
  EXPECT_EQ(gallery.people()->at(0).faces[0].second, with_second({}, 4).second);
  ASSERT_EQ(gallery.people()->at(0).faces.size(), 2U);
}

TEST_F(GalleryStoreTest, ASecondEmbeddingIsForgottenToItsLastByte) {
  const auto face = with_second(face_of(1, "aa"), 0.123F);
  const auto other = with_second(face_of(2, "bb"), 0.456F);
  ASSERT_TRUE(gallery.enrol("Ada", face));
  ASSERT_TRUE(gallery.enrol("Bert", other));
  ASSERT_TRUE(database->checkpoint());
  ASSERT_NE(bytes_of(folder).find(raw_second(face).substr(0, 256)), std::string::npos);
  ASSERT_TRUE(gallery.forget_face(gallery.people()->at(0).faces[0].id));
  EXPECT_EQ(bytes_of(folder).find(raw_second(face).substr(0, 256)), std::string::npos);
  EXPECT_NE(bytes_of(folder).find(raw_second(other).substr(0, 256)), std::string::npos);
  ASSERT_TRUE(gallery.forget("Bert"));
  EXPECT_EQ(bytes_of(folder).find(raw_second(other).substr(0, 256)), std::string::npos);
}

TEST_F(GalleryStoreTest, ABrokenSecondEmbeddingIsRefused) {
  auto nan = with_second(face_of(1, "aa"), 0);
  nan.second[400] = std::nanf("");
  EXPECT_THAT(gallery.enrol("Ada", nan).error().text(), HasSubstr("not finite"));
  auto nameless = with_second(face_of(1, "aa"), 0);
  nameless.second_version.clear();
  EXPECT_FALSE(gallery.enrol("Ada", nameless));
  auto endless = with_second(face_of(1, "aa"), 0);
  endless.second.resize(longest_second + 1);
  EXPECT_FALSE(gallery.enrol("Ada", endless));
  EXPECT_EQ(*gallery.person_count(), 0U);
}

event::Sighting sighting_of(const std::string& name, int second) {
  const auto at = at_second(second);
  event::Sighting seen;
  seen.header = {event::EventId::generate(at), at, MonotonicTime{}, event::TraceContext::start()};
  seen.camera_id = "front";
  seen.verdict = event::Verdict::known_person;
  seen.person = name;
  return seen;
}

// A visit in the log, and its message.
void see(Database& database, const std::string& name, int second) {
  const auto seen = sighting_of(name, second);
  auto row = row_for(seen.header.id, "hook");
  row.payload = event::to_json(seen);
  ASSERT_TRUE(EventLog(database).append(seen, std::vector{row}));
  if (second % 2 == 0) {
    ASSERT_TRUE(Outbox(database).mark_delivered(row.key, 1, at_second(second)));
  }
}

TEST_F(GalleryStoreTest, ForgottenPersonLeavesNoByteOfFaceOrName) {
  event::Security alarm;
  alarm.header = sighting_of("", 1).header;
  alarm.kind = "blacklist_match";
  alarm.person = "Rosalind Unforgotten";
  ASSERT_TRUE(EventLog(*database).append(alarm, {}));
  for (int i = 0; i < 100; ++i) see(*database, i % 3 == 0 ? "Rosalind Unforgotten" : "Stays", i);
  const auto face = face_of(0.123F, "cc");
  ASSERT_TRUE(gallery.enrol("Rosalind Unforgotten", face));
  ASSERT_TRUE(gallery.enrol("Stays", face_of(7, "dd")));
  ASSERT_NE(bytes_of(folder).find(raw(face)), std::string::npos) << "the test looks at the wrong bytes";
  ASSERT_TRUE(gallery.forget("Rosalind Unforgotten"));
  EXPECT_EQ(bytes_of(folder).find(raw(face)), std::string::npos);
  EXPECT_EQ(bytes_of(folder).find("Rosalind Unforgotten"), std::string::npos);
  EXPECT_NE(bytes_of(folder).find(raw(face_of(7, "dd"))), std::string::npos);
  std::size_t named = 0, known = 0;
  const auto events = EventLog(*database).newest(200, {});
  ASSERT_TRUE(events.ok());
  for (const auto& logged : *events) {
    named += logged.json.find(R"("person":"Stays")") != std::string::npos;
    known += logged.json.find(R"("result":"known_person")") != std::string::npos;
  }
  EXPECT_EQ(named, 66U);
  EXPECT_EQ(known, 100U) << "what happened stays";
  EXPECT_EQ(Outbox(*database).pending(200)->size(), 50U) << "messages leave without the name";
  EXPECT_EQ(gallery.forget("Rosalind Unforgotten").error().code(), ErrorCode::not_found);
}

TEST_F(GalleryStoreTest, ForgettingANameOfBeforeTakesItOutOfTheEvents) {
  ASSERT_TRUE(gallery.enrol("Rosalind Unforgotten", face_of(1, "aa")));
  see(*database, "Rosalind Unforgotten", 1);
  ASSERT_TRUE(gallery.rename("Rosalind Unforgotten", "Rosa \"R\" B."));
  see(*database, "Rosa \"R\" B.", 2);
  EXPECT_NE(bytes_of(folder).find("Rosalind Unforgotten"), std::string::npos);
  EXPECT_EQ(gallery.forget("Rosalind Unforgotten").error().code(), ErrorCode::not_found);
  EXPECT_EQ(bytes_of(folder).find("Rosalind Unforgotten"), std::string::npos);
  EXPECT_EQ(gallery.people()->at(0).name, "Rosa \"R\" B.");
  ASSERT_TRUE(gallery.forget("Rosa \"R\" B."));
  EXPECT_EQ(bytes_of(folder).find("Rosa "), std::string::npos);
}

TEST_F(GalleryStoreTest, ADamagedEventDoesNotStopAnErasure) {
  ASSERT_TRUE(gallery.enrol("Ada", face_of(1, "aa")));
  see(*database, "Bert", 1);
  see(*database, "Ada", 2);
  sqlite3* other = nullptr;
  ASSERT_EQ(sqlite3_open((folder / "porchlight.db").c_str(), &other), SQLITE_OK);
  EXPECT_EQ(
      sqlite3_exec(other, "UPDATE events SET json = '{' WHERE json LIKE '%Bert%'", nullptr, nullptr, nullptr),
      SQLITE_OK);
  sqlite3_close(other);
  ASSERT_TRUE(gallery.forget("Ada"));
  EXPECT_EQ(bytes_of(folder).find("\"Ada\""), std::string::npos);
}

TEST_F(GalleryStoreTest, ErasureReachesTheFileAfterACheckpointToo) {
  const auto face = face_of(0.321F, "cc");
  ASSERT_TRUE(gallery.enrol("Ada", face));
  ASSERT_TRUE(database->checkpoint());
  database.reset();
  database = open_or_fail(folder / "porchlight.db");
  ASSERT_NE(bytes_of(folder).find(raw(face)), std::string::npos);
  GalleryStore reopened(*database);
  ASSERT_TRUE(reopened.forget("Ada"));
  EXPECT_EQ(bytes_of(folder).find(raw(face)), std::string::npos);
}

TEST_F(GalleryStoreTest, ListingAndNameChangeWhereAsked) {
  ASSERT_TRUE(gallery.enrol("Adam", face_of(1, "aa")));
  ASSERT_TRUE(gallery.enrol("Berta", face_of(2, "bb")));
  ASSERT_TRUE(gallery.list_as("Adam", Listing::blacklisted));
  ASSERT_TRUE(gallery.rename("Adam", "Anton"));
  const auto people = gallery.people();
  EXPECT_EQ(people->at(0).name, "Anton");
  EXPECT_EQ(people->at(0).listed_as, Listing::blacklisted);
  EXPECT_EQ(people->at(1).listed_as, Listing::known);
  ASSERT_TRUE(gallery.list_as("Anton", Listing::known));
  EXPECT_EQ(gallery.people()->at(0).listed_as, Listing::known);
  EXPECT_EQ(gallery.rename("Anton", "Berta").error().code(), ErrorCode::already_exists);
  EXPECT_EQ(gallery.rename("Nobody", "Carl").error().code(), ErrorCode::not_found);
  EXPECT_EQ(gallery.list_as("Nobody", Listing::known).error().code(), ErrorCode::not_found);
}

TEST_F(GalleryStoreTest, APersonIsFoundByNumberAndNameAndKeepsTheNumber) {
  ASSERT_TRUE(gallery.enrol("Adam", face_of(1, "aa")));
  ASSERT_TRUE(gallery.enrol("Berta", face_of(2, "bb")));
  const auto id = gallery.people()->at(1).id;
  EXPECT_NE(id, gallery.people()->at(0).id);
  ASSERT_TRUE(gallery.rename("Berta", "Carla"));
  const auto found = gallery.find(id);
  ASSERT_TRUE(found && *found);
  EXPECT_EQ((*found)->name, "Carla");
  EXPECT_EQ((*found)->faces.at(0).photo_sha256, "bb");
  EXPECT_EQ((*gallery.find("Carla"))->id, id);
  EXPECT_FALSE(gallery.find("Berta")->has_value());
  EXPECT_FALSE(gallery.find(id + 7)->has_value());
}

TEST_F(GalleryStoreTest, OneFaceIsForgottenToItsLastByteAndThePersonStays) {
  const auto face = face_of(0.123F, "cc");
  ASSERT_TRUE(gallery.enrol("Ada", face));
  ASSERT_TRUE(gallery.enrol("Ada", face_of(7, "dd")));
  const auto id = gallery.people()->at(0).faces[0].id;
  const auto revision = *gallery.revision();
  ASSERT_NE(bytes_of(folder).find(raw(face)), std::string::npos);
  ASSERT_TRUE(gallery.forget_face(id));
  EXPECT_GT(*gallery.revision(), revision);
  EXPECT_EQ(bytes_of(folder).find(raw(face)), std::string::npos);
  ASSERT_EQ(gallery.people()->at(0).faces.size(), 1U);
  EXPECT_EQ(gallery.people()->at(0).faces[0].photo_sha256, "dd");
  EXPECT_EQ(gallery.forget_face(id).error().code(), ErrorCode::not_found);
  ASSERT_TRUE(gallery.forget_face(gallery.people()->at(0).faces[0].id));
  EXPECT_TRUE(gallery.people()->at(0).faces.empty());
}

TEST_F(GalleryStoreTest, AnErasureThatAReaderHeldUpIsEndedLater) {
  const auto face = face_of(0.123F, "cc");
  ASSERT_TRUE(gallery.enrol("Ada", face));
  const auto id = gallery.people()->at(0).id;
  const auto hasty_database =
      open_or_fail(folder / "porchlight.db", {.busy_timeout = std::chrono::milliseconds(10)});
  GalleryStore hasty(*hasty_database);
  sqlite3* reader = nullptr;
  ASSERT_EQ(sqlite3_open((folder / "porchlight.db").c_str(), &reader), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(reader, "BEGIN; SELECT count(*) FROM faces", nullptr, nullptr, nullptr), SQLITE_OK);
  EXPECT_EQ(hasty.forget("Ada").error().code(), ErrorCode::unavailable);
  EXPECT_FALSE(gallery.find(id)->has_value());
  EXPECT_EQ(hasty.end_erasure().error().code(), ErrorCode::unavailable);
  EXPECT_NE(bytes_of(folder).find(raw(face)), std::string::npos);
  sqlite3_close(reader);
  ASSERT_TRUE(hasty.end_erasure());
  EXPECT_EQ(bytes_of(folder).find(raw(face)), std::string::npos);
}

// Who waits for a reader to go must not keep a ring's commit waiting as long.
TEST_F(GalleryStoreTest, WritersComeThroughWhileAnErasureWaits) {
  ASSERT_TRUE(gallery.enrol("Ada", face_of(1, "aa")));
  sqlite3* reader = nullptr;
  ASSERT_EQ(sqlite3_open((folder / "porchlight.db").c_str(), &reader), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(reader, "BEGIN; SELECT count(*) FROM faces", nullptr, nullptr, nullptr), SQLITE_OK);
  const auto patient = open_or_fail(folder / "porchlight.db", {.busy_timeout = std::chrono::seconds(4)});
  std::atomic<bool> ended{false};
  std::thread eraser([&] {
    EXPECT_EQ(GalleryStore(*patient).forget("Ada").error().code(), ErrorCode::unavailable);
    ended = true;
  });
  const auto writer = open_or_fail(folder / "porchlight.db", {.busy_timeout = std::chrono::seconds(1)});
  int written = 0;
  for (; !ended; ++written)
    ASSERT_TRUE(GalleryStore(*writer).enrol("Berta", face_of(2, std::to_string(written)))) << written;
  eraser.join();
  EXPECT_GT(written, 0);
  sqlite3_close(reader);
}

TEST(PersonName, IsPrintableUtf8WithoutBlanksAtItsEnds) {
  for (const std::string name : {"A", "Zoë", "李 雷", "O'Neill-Müller 3rd", "\xc2\xa0x"})
    EXPECT_TRUE(is_person_name(name)) << name;
  for (const std::string name : {"", " A", "A ", "A\tB", "A\x7f", "A\xc2\x80", "A\xc2\x9f", "\xff", "A\xc3"})
    EXPECT_FALSE(is_person_name(name)) << name;
}

TEST_F(GalleryStoreTest, EnrollingAgainKeepsTheListing) {
  ASSERT_TRUE(gallery.enrol("Adam", face_of(1, "aa")));
  ASSERT_TRUE(gallery.list_as("Adam", Listing::blacklisted));
  ASSERT_TRUE(gallery.enrol("Adam", face_of(2, "bb")));
  EXPECT_EQ(gallery.people()->at(0).listed_as, Listing::blacklisted);
}

TEST_F(GalleryStoreTest, EveryChangeOfAnotherConnectionMovesTheRevisionAndNothingElseDoes) {
  const auto daemon = open_or_fail(folder / "porchlight.db");
  GalleryStore seen(*daemon);
  auto last = *seen.revision();
  const auto expect_moved = [&](const char* what) {
    const auto now = *seen.revision();
    EXPECT_GT(now, last) << what;
    last = now;
  };
  ASSERT_TRUE(gallery.enrol("Adam", face_of(1, "aa")));
  expect_moved("enrol");
  ASSERT_TRUE(gallery.list_as("Adam", Listing::blacklisted));
  expect_moved("list_as");
  ASSERT_TRUE(gallery.rename("Adam", "Anton"));
  expect_moved("rename");
  ASSERT_TRUE(gallery.forget("Anton"));
  expect_moved("forget");
  ASSERT_TRUE(EventLog(*database).append(ring_at(at_second(0)), {}));
  EXPECT_FALSE(gallery.forget("Anton"));
  EXPECT_FALSE(gallery.rename("Anton", "Berta"));
  EXPECT_EQ(*seen.revision(), last);
}

TEST_F(GalleryStoreTest, BadNamesAndNumbersAreRefused) {
  for (const std::string& name : {std::string(), std::string(" x"), std::string("x "), std::string("a\nb"),
                                  std::string(101, 'n'), std::string("a\0b", 3)}) {
    const auto status = gallery.enrol(name, face_of(1, "aa"));
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().code(), ErrorCode::invalid_argument);
  }
  auto broken = face_of(1, "aa");
  broken.vector[5] = std::nanf("");
  EXPECT_THAT(gallery.enrol("Adam", broken).error().text(), HasSubstr("not finite"));
  EXPECT_FALSE(gallery.enrol_all("Adam", std::array{EnrolledFace{}, broken}));
  EXPECT_FALSE((*gallery.find("Adam")).has_value()) << "some of his faces";
  EXPECT_EQ(*gallery.person_count(), 0U);
}

}  // namespace
}  // namespace porchlight::store
