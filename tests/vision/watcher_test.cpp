// SPDX-License-Identifier: Apache-2.0
#include "vision/instruments.hpp"
#include "vision/porch.hpp"

namespace porchlight::vision {
namespace {

using event::Verdict;

// Ten people at right angles, but two of them this far apart.
std::vector<Person> household(float nearest) {
  std::vector<Person> people;
  for (std::size_t i = 0; i < 10; ++i) {
    Embedding face;
    face.resnet[i] = 3;
    people.push_back({"p" + std::to_string(i), ListedAs::known, {face}});
  }
  Embedding near = people[0].embeddings[0];
  near.resnet[1] = nearest;
  Embedding far;
  far.resnet[20] = 3;
  people[1].embeddings = {near, far, far};  // most of them are far: no look-alike
  return people;
}

TEST_F(WatcherTest, TheGalleryTightensTheThresholdThatVisitorsMeet) {
  // Enrolled 0.45 away from how she looks at the door: within the shipped threshold.
  Person visitor{"anna", ListedAs::known, {(*engine_->largest_shot(door_face_))->embedding}};
  visitor.embeddings[0].resnet[0] += 0.45F;
  enrol({visitor});
  EXPECT_EQ(watcher_->calibration().threshold, default_threshold);
  show(porch({{&door_face_, 150}}), 4);
  ASSERT_FALSE(seen_.empty());
  EXPECT_EQ(seen_[0].sighting.person, "anna") << seen_[0].sighting.distance;
  seen_.clear();
  show(porch({}), 6);
  auto people = household(0.41F);
  people.push_back(visitor);
  enrol(people);
  EXPECT_EQ(watcher_->calibration().basis, Calibration::Basis::tightened);
  EXPECT_LT(watcher_->calibration().threshold, 0.411F);
  show(porch({{&door_face_, 150}}), 4);
  ASSERT_FALSE(seen_.empty());
  EXPECT_EQ(seen_[0].sighting.verdict, Verdict::unknown_person) << seen_[0].sighting.distance;
}

TEST_F(WatcherTest, AKnownVisitorIsOneSightingHoweverLongTheyMoveAbout) {
  enrol({enrolled("anna")});
  for (int i = 0; i < 80; ++i) step(porch({{&door_face_, 20 + (i < 40 ? i : 80 - i) * 7}}));
  show(porch({}), 7);
  ASSERT_EQ(seen_.size(), 1U);
  const auto& sighting = seen_[0].sighting;
  EXPECT_EQ(sighting.verdict, Verdict::known_person);
  EXPECT_EQ(sighting.person, "anna");
  EXPECT_GT(sighting.confidence, 0.5);
  EXPECT_LT(sighting.distance, default_threshold);
  EXPECT_EQ(sighting.camera_id, "front");
  EXPECT_EQ(sighting.model_version, model_version);
  EXPECT_FALSE(sighting.ring_id);
  EXPECT_FALSE(seen_[0].alert);
  ASSERT_NE(seen_[0].best_shot, nullptr);
  EXPECT_GT(seen_[0].box.height, 100);
  EXPECT_FALSE(watcher_->busy());
}

TEST_F(WatcherTest, EachFaceFoundAndEachAnswerIsBookedWithItsConfidence) {
  show(porch({}), 1);
  EXPECT_EQ(confidences("rfb-320"), 0) << "nobody is there";
  enrol({enrolled("anna")});
  const auto before = confidences("rfb-320");
  show(porch({{&door_face_, 150}}), 3);
  show(porch({}), 7);
  ASSERT_EQ(seen_.size(), 1U);
  EXPECT_GT(confidences("rfb-320"), before);
  EXPECT_EQ(confidences(model_version), 1);
  EXPECT_EQ(confidences("landmark-68"), 0) << "it gives no confidence";
}

TEST_F(WatcherTest, AShortLossAndAnotherPlaceMakeNoSecondSighting) {
  enrol({enrolled("anna")});
  show(porch({{&door_face_, 20}}), 2);
  show(porch({}), 3);
  show(porch({{&door_face_, 330}}), 2);
  show(porch({}), 7);
  EXPECT_EQ(seen_.size(), 1U);
}

TEST_F(WatcherTest, AnUnknownFaceThatComesBackWithinTheGapIsOneVisit) {
  show(porch({{&stranger_face_, 20}}), 2);
  show(porch({}), 3);
  show(porch({{&stranger_face_, 330}}), 2);
  show(porch({}), 7);
  ASSERT_EQ(seen_.size(), 1U);
  EXPECT_EQ(seen_[0].sighting.verdict, Verdict::unknown_person);
  EXPECT_EQ(seen_[0].sighting.person, "");
}

TEST_F(WatcherTest, LeavingForLongerThanTheGapMakesASecondVisit) {
  enrol({enrolled("anna")});
  show(porch({{&door_face_, 20}}), 2);
  show(porch({}), 7);
  show(porch({{&door_face_, 20}}), 2);
  ASSERT_EQ(seen_.size(), 2U);
  EXPECT_NE(seen_[0].sighting.track, seen_[1].sighting.track);
}

TEST_F(WatcherTest, TwoPeopleAtOnceAreTwoSightings) {
  enrol({enrolled("anna")});
  show(porch({{&door_face_, 10}, {&stranger_face_, 330}}), 4);
  show(porch({}), 7);
  ASSERT_EQ(seen_.size(), 2U);
  std::vector<Verdict> verdicts = {seen_[0].sighting.verdict, seen_[1].sighting.verdict};
  EXPECT_THAT(verdicts, testing::UnorderedElementsAre(Verdict::known_person, Verdict::unknown_person));
}

TEST_F(WatcherTest, SomebodyElseInTheSamePlaceIsAVisitOfTheirOwn) {
  enrol({enrolled("anna")});
  show(porch({{&door_face_, 170}}), 4);
  show(porch({{&stranger_face_, 170}}), 8);
  ASSERT_EQ(seen_.size(), 2U);
  EXPECT_EQ(seen_[0].sighting.verdict, Verdict::known_person);
  EXPECT_EQ(seen_[1].sighting.verdict, Verdict::unknown_person);
}

TEST_F(WatcherTest, ARingIsAnsweredAsSoonAsTheVisitorIsKnown) {
  enrol({enrolled("anna")});
  const auto rung = ring();
  expect(rung, 5s);
  EXPECT_TRUE(of_rings().empty());
  show(porch({{&door_face_, 170}}), 1.5);
  const auto answers = of_rings();
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers[0].sighting.ring_id, rung.header.id);
  EXPECT_EQ(answers[0].sighting.person, "anna");
  EXPECT_EQ(answers[0].sighting.header.trace.trace_id, rung.header.trace.trace_id);
  EXPECT_NE(answers[0].best_shot, nullptr);
  show(porch({{&door_face_, 170}}), 6);
  EXPECT_EQ(of_rings().size(), 1U) << "answered twice";
  EXPECT_EQ(of_visits().size(), 1U);
}

TEST_F(WatcherTest, SaysForWhichRingACameraIsLookedAtUntilItIsAnswered) {
  enrol({enrolled("anna")});
  const event::TraceContext nobody;
  EXPECT_EQ(watcher_->ring_trace("front").trace_id, nobody.trace_id);
  const auto rung = ring();
  expect(rung, 5s);
  EXPECT_EQ(watcher_->ring_trace("front").trace_id, rung.header.trace.trace_id);
  EXPECT_EQ(watcher_->ring_trace("back").trace_id, nobody.trace_id);
  show(porch({{&door_face_, 170}}), 1.5);
  ASSERT_EQ(of_rings().size(), 1U);
  EXPECT_EQ(watcher_->ring_trace("front").trace_id, nobody.trace_id);
}

TEST(EngineInstruments, ShowTheTraceOfWhomTheEngineWorksFor) {
  telemetry::Metrics metrics(closed_sets());
  EngineInstruments instruments(&metrics, {});
  const auto shown = [&metrics](const std::string& trace) {
    const auto text = metrics.scrape(telemetry::Format::openmetrics).text;
    const auto at = text.find(" # {trace_id=\"" + trace + "\"} ");
    return at != std::string::npos &&
           text.substr(text.rfind('\n', at) + 1).starts_with("pipeline_processing_duration_seconds_bucket{");
  };
  instruments.measured(EngineInstruments::Step::detect, [] { return true; });
  EXPECT_THAT(metrics.scrape(telemetry::Format::openmetrics).text,
              testing::Not(testing::HasSubstr("trace_id")));
  instruments.trace.fill(7);
  instruments.measured(EngineInstruments::Step::detect, [] { return true; });
  instruments.trace.fill(8);
  instruments.measured(EngineInstruments::Step::embed, [] { return true; });
  EXPECT_TRUE(shown("07070707070707070707070707070707"));
  EXPECT_TRUE(shown("08080808080808080808080808080808"));
}

TEST_F(WatcherTest, ARingDuringAKnownVisitIsAnsweredAtOnce) {
  enrol({enrolled("anna")});
  show(porch({{&door_face_, 170}}), 2);
  expect(ring(), 5s);
  ASSERT_EQ(of_rings().size(), 1U);
  EXPECT_EQ(of_rings()[0].sighting.person, "anna");
}

TEST_F(WatcherTest, ARingBeforeAnEmptyPorchEndsInNoFaceAtItsDeadline) {
  enrol({enrolled("anna")});
  show(porch({}), 1);
  expect(ring(), 2s);
  show(porch({}), 1.5);
  EXPECT_TRUE(seen_.empty());
  show(porch({}), 1);
  ASSERT_EQ(seen_.size(), 1U);
  EXPECT_EQ(seen_[0].sighting.verdict, Verdict::no_face);
  EXPECT_EQ(seen_[0].best_shot, nullptr);
}

TEST_F(WatcherTest, ARingWithoutPicturesEndsInError) {
  expect(ring(), 3s);
  clock_.advance(4s);
  const auto seen = watcher_->tick();
  ASSERT_EQ(seen.size(), 1U);
  EXPECT_EQ(seen[0].sighting.verdict, Verdict::error);
}

TEST_F(WatcherTest, ABlacklistedFaceRaisesASecurityEvent) {
  enrol({enrolled("rosa", ListedAs::blacklisted)});
  show(porch({{&door_face_, 170}}), 2);
  ASSERT_EQ(seen_.size(), 1U);
  EXPECT_EQ(seen_[0].sighting.verdict, Verdict::blacklist_match);
  EXPECT_EQ(seen_[0].sighting.person, "rosa");
  ASSERT_TRUE(seen_[0].alert);
  EXPECT_EQ(seen_[0].alert->kind, "blacklist_match");
  EXPECT_EQ(seen_[0].alert->source, "face_recognition");
  EXPECT_EQ(seen_[0].alert->action, "alert_sent");
  EXPECT_EQ(seen_[0].alert->person, "rosa");
  EXPECT_EQ(seen_[0].alert->camera_id, "front");
}

TEST_F(WatcherTest, TheAnswerFollowsTheGallery) {
  const auto who = [&] {
    expect(ring(), 5s);
    show(porch({{&door_face_, 170}}), 2);
    return of_rings().back().sighting;
  };
  EXPECT_EQ(who().verdict, Verdict::unknown_person) << "nobody is enrolled";
  enrol({enrolled("anna")});
  EXPECT_EQ(who().person, "anna");
  enrol({enrolled("berta")});
  EXPECT_EQ(who().person, "berta") << "renamed";
  const auto other = engine_->largest_shot(stranger());
  ASSERT_TRUE(other.ok() && *other);
  auto swapped = enrolled("anna");
  enrol({{"anna", ListedAs::known, {(*other)->embedding}}, {"zoe", ListedAs::known, swapped.embeddings}});
  EXPECT_EQ(who().person, "zoe") << "swapped";
  EXPECT_EQ(metrics_.gauge("known_faces_database_size").value(), 2);
  enrol({});
  EXPECT_EQ(who().verdict, Verdict::unknown_person);
  EXPECT_EQ(metrics_.gauge("known_faces_database_size").value(), 0);
}

TEST_F(WatcherTest, EveryAnswerIsCountedByVerdictAndConfidence) {
  show(porch({{&stranger_face_, 170}}), 2);
  ASSERT_EQ(seen_.size(), 1U);
  EXPECT_EQ(metrics_
                .counter("face_recognition_requests_total",
                         {{"result_type", "unknown_person"}, {"confidence_bucket", "very_low"}})
                .value(),
            1);
}

}  // namespace
}  // namespace porchlight::vision
