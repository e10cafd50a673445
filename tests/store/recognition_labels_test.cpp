// SPDX-License-Identifier: Apache-2.0
#include "porchlight/store/recognition_labels.hpp"

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <fstream>
#include <sstream>

#include "store/connection.hpp"
#include "store/fixture.hpp"
#include "store/migration.hpp"

namespace porchlight::store {
namespace {

using enum LabelOutcome;

constexpr auto enrolled_at = 100;  // seconds, see at_second()

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

struct RecognitionLabelsTest : testing::Test {
  void enrol(const std::string& name, int second = enrolled_at) {
    EnrolledFace face;
    face.model_version = "resnet-1";
    face.photo_sha256 = name;
    face.created = at_second(second);
    ASSERT_TRUE(gallery.enrol(name, face));
  }
  static event::Sighting sighting(const std::string& person, int second = enrolled_at + 1) {
    const auto at = at_second(second);
    event::Sighting seen;
    seen.header = {event::EventId::generate(at), at, MonotonicTime{}, event::TraceContext::start()};
    seen.camera_id = "front";
    seen.verdict = person.empty() ? event::Verdict::unknown_person : event::Verdict::known_person;
    seen.person = person;
    seen.model_version = "resnet-1";
    return seen;
  }
  event::EventId log(const event::Event& event) {
    EXPECT_TRUE(EventLog(*database).append(event, {}));
    return event::header_of(event).id;
  }
  event::EventId see(const std::string& person, int second = enrolled_at + 1) {
    return log(sighting(person, second));
  }
  Result<RecognitionLabel> is(const event::EventId& id, const std::string& name) {
    return labels.put({id, IdentitySaid::person, name, at_second(500)});
  }
  Result<RecognitionLabel> is_not(const event::EventId& id) {
    return labels.put({id, IdentitySaid::not_person, {}, at_second(500)});
  }
  Result<RecognitionLabel> stranger(const event::EventId& id) {
    return labels.put({id, IdentitySaid::stranger, {}, at_second(500)});
  }
  static LabelOutcome outcome(const Result<RecognitionLabel>& label) {
    EXPECT_TRUE(label.ok()) << label.error().text();
    return label.ok() ? label->outcome : LabelOutcome{};
  }
  static ErrorCode fault(const Result<RecognitionLabel>& label) {
    return label.ok() ? ErrorCode::internal : label.error().code();
  }
  std::int64_t rows() {
    return *database->connection().scalar(QueryType::select, "SELECT count(*) FROM recognition_labels");
  }

  Folder folder;
  std::unique_ptr<Database> database = open_or_fail(folder / "porchlight.db");
  GalleryStore gallery{*database};
  RecognitionLabels labels{*database};
};

TEST_F(RecognitionLabelsTest, ANameIsRightOrWrong) {
  enrol("Anna");
  enrol("Bert");
  EXPECT_EQ(outcome(is(see("Anna"), "Anna")), true_positive);
  EXPECT_EQ(outcome(is(see("Anna"), "Bert")), false_positive);
  EXPECT_EQ(outcome(is_not(see("Anna"))), false_positive);
  EXPECT_EQ(outcome(stranger(see("Anna"))), false_positive);
}

TEST_F(RecognitionLabelsTest, ABlacklistedPersonIsNamedToo) {
  enrol("Mallory");
  auto seen = sighting("Mallory");
  seen.verdict = event::Verdict::blacklist_match;
  EXPECT_EQ(outcome(is(log(seen), "Mallory")), true_positive);
}

TEST_F(RecognitionLabelsTest, NobodyIsRightOfAStrangerAndWrongOfWhoWasEnrolledByThen) {
  enrol("Anna");
  EXPECT_EQ(outcome(stranger(see(""))), true_negative);
  EXPECT_EQ(outcome(is(see("", enrolled_at + 1), "Anna")), false_negative);
  EXPECT_EQ(outcome(is(see("", enrolled_at - 1), "Anna")), true_negative) << "not enrolled yet";
  // Somebody without a photograph cannot be recognised.
  ASSERT_TRUE(gallery.forget_face(gallery.people()->at(0).faces.at(0).id));
  EXPECT_EQ(outcome(is(see("", enrolled_at + 2), "Anna")), true_negative);
}

TEST_F(RecognitionLabelsTest, ALabelComesBackWithEveryField) {
  enrol("Anna");
  const auto id = see("Anna");
  ASSERT_TRUE(is(id, "Anna").ok());
  const auto label = labels.of(id);
  ASSERT_TRUE(label.ok() && *label);
  EXPECT_EQ((*label)->event, id);
  EXPECT_EQ((*label)->outcome, true_positive);
  EXPECT_EQ((*label)->said, IdentitySaid::person);
  EXPECT_EQ((*label)->person, "Anna");
  EXPECT_EQ((*label)->at, at_second(500));
  EXPECT_FALSE(labels.of(see("Anna"))->has_value());
}

TEST_F(RecognitionLabelsTest, TheLastClaimCounts) {
  enrol("Anna");
  const auto id = see("Anna");
  ASSERT_TRUE(is(id, "Anna").ok());
  ASSERT_TRUE(is_not(id).ok());
  EXPECT_EQ(rows(), 1);
  EXPECT_EQ((*labels.of(id))->outcome, false_positive);
  EXPECT_EQ((*labels.of(id))->said, IdentitySaid::not_person);
  EXPECT_EQ((*labels.of(id))->person, "");
}

TEST_F(RecognitionLabelsTest, ARingStandsForTheSightingThatAnswersIt) {
  enrol("Anna");
  const auto ring = ring_at(at_second(enrolled_at + 10));
  log(ring);
  see("", enrolled_at + 11);
  EXPECT_EQ(fault(is(ring.header.id, "Anna")), ErrorCode::unsupported) << "not answered yet";
  auto answer = sighting("Anna", enrolled_at + 12);
  answer.ring_id = ring.header.id;
  log(answer);
  const auto label = is(ring.header.id, "Anna");
  EXPECT_EQ(outcome(label), true_positive);
  EXPECT_EQ(label->event, answer.header.id);
  EXPECT_TRUE(labels.of(answer.header.id)->has_value());
}

TEST_F(RecognitionLabelsTest, WhatCannotBeComparedIsRefusedAndNothingIsKept) {
  enrol("Anna");
  EXPECT_EQ(fault(is(event::EventId::generate(at_second(1)), "Anna")), ErrorCode::not_found);
  EXPECT_EQ(fault(is(see("Anna"), "Zoë")), ErrorCode::invalid_argument);
  EXPECT_EQ(fault(is_not(see(""))), ErrorCode::unsupported) << "it names nobody";
  for (const auto verdict : {event::Verdict::no_face, event::Verdict::error}) {
    auto seen = sighting("");
    seen.verdict = verdict;
    EXPECT_EQ(fault(stranger(log(seen))), ErrorCode::unsupported);
  }
  event::CameraLost lost;
  lost.header = sighting("").header;
  EXPECT_EQ(fault(stranger(log(lost))), ErrorCode::unsupported);
  const auto broken = see("Anna");
  ASSERT_TRUE(database->connection().execute(
      QueryType::update, "UPDATE events SET json = '{' WHERE id = '" + broken.text() + "'"));
  EXPECT_EQ(fault(is(broken, "Anna")), ErrorCode::corrupt);
  EXPECT_EQ(rows(), 0);
}

TEST_F(RecognitionLabelsTest, ForgettingAPersonLeavesNoNameAndTheOutcome) {
  enrol("Rosalind Unforgotten");
  const auto named = see("Rosalind Unforgotten");
  const auto missed = see("");
  ASSERT_TRUE(is(named, "Rosalind Unforgotten").ok());
  ASSERT_TRUE(is(missed, "Rosalind Unforgotten").ok());
  ASSERT_TRUE(gallery.forget("Rosalind Unforgotten"));
  EXPECT_EQ(bytes_of(folder).find("Rosalind Unforgotten"), std::string::npos);
  for (const auto& id : {named, missed}) {
    const auto label = labels.of(id);
    ASSERT_TRUE(label.ok() && *label);
    EXPECT_EQ((*label)->person, "");
    EXPECT_EQ((*label)->said, IdentitySaid::person);
  }
  EXPECT_EQ(labels.window("resnet-1", 200)->true_positive, 1U);
  EXPECT_EQ(labels.window("resnet-1", 200)->false_negative, 1U);
  // Whoever comes next, under whatever number, is not meant.
  enrol("Bert");
  EXPECT_EQ((*labels.of(missed))->person, "");
  EXPECT_EQ(fault(stranger(named)), ErrorCode::unsupported) << "whom it named is not known any more";
}

TEST_F(RecognitionLabelsTest, ALabelFollowsTheNameOfItsPerson) {
  enrol("Anna");
  const auto id = see("");
  ASSERT_TRUE(is(id, "Anna").ok());
  ASSERT_TRUE(gallery.rename("Anna", "Anne"));
  EXPECT_EQ((*labels.of(id))->person, "Anne");
}

// Or the right name would be a wrong one.
TEST_F(RecognitionLabelsTest, ASightingUnderAFormerNameIsNotJudged) {
  enrol("Anna");
  enrol("Bert");
  const auto id = see("Anna");
  ASSERT_TRUE(gallery.rename("Anna", "Annette"));
  for (const auto& label : {is(id, "Annette"), is(id, "Anna"), is(id, "Bert"), is_not(id), stranger(id)})
    EXPECT_EQ(fault(label), ErrorCode::unsupported);
  EXPECT_EQ(rows(), 0);
  EXPECT_EQ(outcome(is(see("Annette", enrolled_at + 2), "Annette")), true_positive);
  ASSERT_TRUE(gallery.rename("Annette", "Anna"));
  EXPECT_EQ(outcome(is(id, "Anna")), true_positive) << "called so again";
}

// Whoever is forgotten costs no look through all labels.
TEST_F(RecognitionLabelsTest, LabelsAreFoundByTheirPerson) {
  auto plan = database->connection().prepare(
      QueryType::select, "EXPLAIN QUERY PLAN SELECT event_id FROM recognition_labels WHERE person_id = 1");
  ASSERT_TRUE(plan);
  const auto row = plan->step();
  ASSERT_TRUE(row && *row);
  EXPECT_NE(plan->text(3).find("recognition_labels_by_person"), std::string::npos) << plan->text(3);
}

TEST_F(RecognitionLabelsTest, ALabelGoesWithItsEvent) {
  enrol("Anna");
  const auto id = see("Anna");
  ASSERT_TRUE(is(id, "Anna").ok());
  ASSERT_TRUE(is(see("Anna"), "Anna").ok());
  ASSERT_TRUE(
      database->connection().execute(QueryType::remove, "DELETE FROM events WHERE id = '" + id.text() + "'"));
  EXPECT_EQ(rows(), 1);
  EXPECT_FALSE(labels.of(id)->has_value());
}

TEST_F(RecognitionLabelsTest, TheWindowHasTheNewestSightingsOfOneModel) {
  enrol("Anna", 0);
  // The newest is labelled first.
  for (int second = 20; second > 10; --second) ASSERT_TRUE(is(see("Anna", second), "Anna").ok());
  for (int second = 10; second > 0; --second) ASSERT_TRUE(stranger(see("", second)).ok());
  auto other = sighting("Anna", 30);
  other.model_version = "resnet-1+mobile-1";
  ASSERT_TRUE(is_not(log(other)).ok());
  const auto all = labels.window("resnet-1", 200);
  ASSERT_TRUE(all.ok()) << all.error().text();
  EXPECT_EQ(all->true_positive, 10U);
  EXPECT_EQ(all->true_negative, 10U);
  EXPECT_EQ(all->all(), 20U);
  EXPECT_EQ(all->right(), 20U);
  const auto newest = labels.window("resnet-1", 12);
  EXPECT_EQ(newest->true_positive, 10U);
  EXPECT_EQ(newest->true_negative, 2U);
  EXPECT_EQ(labels.window("resnet-1+mobile-1", 200)->false_positive, 1U);
  EXPECT_EQ(labels.window("resnet-2", 200)->all(), 0U);
}

TEST_F(RecognitionLabelsTest, LabelsOfAPageAreReadAtOnce) {
  enrol("Anna", 0);
  std::vector<event::EventId> ids;
  for (int second = 1; second <= 4; ++second) {
    ids.push_back(see("Anna", second));
    ASSERT_TRUE(is(ids.back(), "Anna").ok());
  }
  const auto some = labels.between(ids[1], ids[2]);
  ASSERT_TRUE(some.ok());
  EXPECT_EQ(some->size(), 2U);
  EXPECT_EQ(some->at(ids[2]).person, "Anna");
}

// A list that begins anew under the hand of who labels it is of no use.
TEST_F(RecognitionLabelsTest, ALabelIsNoChangeOfItsEvent) {
  enrol("Anna");
  const auto id = see("Anna");
  const auto before = *EventLog(*database).newest_change();
  ASSERT_TRUE(is(id, "Anna").ok());
  EXPECT_EQ(*EventLog(*database).newest_change(), before);
}

TEST(LabelsMigration, AddsToADatabaseOfTheVersionBefore) {
  Folder folder;
  const auto file = folder / "porchlight.db";
  const auto seen = RecognitionLabelsTest::sighting("");
  const auto& id = seen.header.id;
  {
    Database::Connection old;
    old.file = file.string();
    ASSERT_EQ(sqlite3_open(old.file.c_str(), &old.handle), SQLITE_OK);
    ASSERT_TRUE(migrate(old, migrations().first(7)));
    ASSERT_TRUE(old.execute(QueryType::insert, "INSERT INTO events VALUES ('" + id.text() +
                                                   "', 'sighting', 1, 'front', '" + event::to_json(seen) +
                                                   "', NULL)"));
  }
  const auto database = open_or_fail(file);
  ASSERT_TRUE(database);
  EXPECT_EQ(database->migrated_from(), 7);
  const auto label = RecognitionLabels(*database).put({id, IdentitySaid::stranger, {}, at_second(2)});
  ASSERT_TRUE(label.ok()) << label.error().text();
  EXPECT_EQ(label->outcome, true_negative);
}

}  // namespace
}  // namespace porchlight::store
