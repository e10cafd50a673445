// SPDX-License-Identifier: Apache-2.0
// How well recognition does, as the store lane shows it.
#include "pipeline/recognition_meter.hpp"

#include <gtest/gtest.h>

#include <limits>

#include "pipeline/store_house_fixture.hpp"
#include "porchlight/store/event_log.hpp"

namespace porchlight::pipeline {
namespace {

using store::IdentitySaid;

constexpr const char* percent = "face_recognition_accuracy{model_version=\"resnet-1\"}";

struct RecognitionMeterTest : StoreHouseTest {
  void SetUp() override {
    telemetry::ClosedSets models;
    models.model_versions = {"rfb-320", "resnet-1", "mobile-1"};
    metrics.extend(models);
    begin();
  }
  void begin() {
    restart();
    house->recognise_by("resnet-1");
    house->settle_down();
  }
  event::EventId see(const std::string& person, const std::string& model = "resnet-1") {
    event::Sighting seen;
    seen.header = header();
    seen.camera_id = "porch";
    seen.verdict = person.empty() ? event::Verdict::unknown_person : event::Verdict::known_person;
    seen.person = person;
    seen.model_version = model;
    house->send(seen, {});
    return seen.header.id;
  }
  void enrol(const std::string& name) {
    auto database = store::Database::open(folder.path() / "porchlight.db", {}, nullptr);
    ASSERT_TRUE(database.ok());
    store::EnrolledFace face;
    face.model_version = "resnet-1";
    face.photo_sha256 = name;
    face.created = clock.wall();
    ASSERT_TRUE(store::GalleryStore(**database).enrol(name, face));
    house->settle_down();  // it knows the name
  }
  void say(const event::EventId& id, IdentitySaid said, const std::string& person = "") {
    const auto label = house->label({id, said, person, clock.wall()});
    EXPECT_TRUE(label.ok()) << label.error().text();
  }
  // Sightings of Anna that are right or wrong, and of strangers.
  void label(int right, int wrong, int missed, int strangers, const std::string& model = "resnet-1") {
    for (int i = 0; i < right; ++i) say(see("Anna", model), IdentitySaid::person, "Anna");
    for (int i = 0; i < wrong; ++i) say(see("Anna", model), IdentitySaid::not_person);
    for (int i = 0; i < missed; ++i) say(see("", model), IdentitySaid::person, "Anna");
    for (int i = 0; i < strangers; ++i) say(see("", model), IdentitySaid::stranger);
  }
  // NaN: the series is absent.
  double shown(const std::string& series) {
    const auto text = '\n' + metrics.exposition();
    const auto at = text.find('\n' + series + ' ');
    return at == std::string::npos ? std::numeric_limits<double>::quiet_NaN()
                                   : std::stod(text.substr(at + series.size() + 2));
  }
  bool is_shown(const std::string& series) { return shown(series) == shown(series); }
  double labels(const std::string& outcome) {
    return shown("recognition_labels{outcome=\"" + outcome + "\"}");
  }
};

TEST_F(RecognitionMeterTest, NothingIsClaimedBeforeThereAreEnoughLabels) {
  enrol("Anna");
  EXPECT_EQ(labels("true_positive"), 0) << "there from the start";
  label(15, 2, 2, 0);
  EXPECT_EQ(labels("true_positive"), 15);
  EXPECT_EQ(labels("false_positive"), 2);
  EXPECT_EQ(labels("false_negative"), 2);
  EXPECT_EQ(labels("true_negative"), 0);
  EXPECT_FALSE(is_shown(percent));
  label(0, 0, 0, 1);
  EXPECT_DOUBLE_EQ(shown(percent), 80);
  EXPECT_FALSE(is_shown("ml_model_accuracy"));
  label(15, 3, 1, 10);
  EXPECT_FALSE(is_shown("ml_model_accuracy")) << "49";
  label(0, 0, 0, 1);
  EXPECT_DOUBLE_EQ(shown(percent), 84);
  EXPECT_DOUBLE_EQ(shown("ml_model_accuracy"), 0.84);
  EXPECT_DOUBLE_EQ(shown("ml_model_precision"), 30.0 / 35);
  EXPECT_DOUBLE_EQ(shown("ml_model_recall"), 30.0 / 33);
}

TEST_F(RecognitionMeterTest, WhatWasSaidIsShownAgainAfterARestart) {
  enrol("Anna");
  label(40, 10, 0, 0);
  metrics.remove_gauge("face_recognition_accuracy", {{"model_version", "resnet-1"}});
  metrics.gauge("ml_model_accuracy").clear();
  begin();
  EXPECT_DOUBLE_EQ(shown(percent), 80);
  EXPECT_DOUBLE_EQ(shown("ml_model_accuracy"), 0.8);
  EXPECT_EQ(labels("true_positive"), 40);
}

TEST_F(RecognitionMeterTest, ARatioOfNothingIsAbsent) {
  enrol("Anna");
  label(0, 0, 0, 50);
  EXPECT_DOUBLE_EQ(shown("ml_model_accuracy"), 1);
  EXPECT_FALSE(is_shown("ml_model_precision")) << "nobody was named";
  EXPECT_FALSE(is_shown("ml_model_recall")) << "and nobody should have been";
}

TEST_F(RecognitionMeterTest, OldLabelsLeaveTheWindow) {
  enrol("Anna");
  label(0, 20, 0, 0);
  EXPECT_DOUBLE_EQ(shown(percent), 0);
  label(190, 0, 0, 0);
  EXPECT_EQ(labels("false_positive"), 10);
  EXPECT_DOUBLE_EQ(shown(percent), 95);
}

TEST_F(RecognitionMeterTest, AnotherModelBeginsAnew) {
  enrol("Anna");
  label(20, 0, 0, 0);
  house->recognise_by("resnet-1+mobile-1");
  house->settle_down();
  EXPECT_FALSE(is_shown(percent));
  EXPECT_EQ(labels("true_positive"), 0);
  label(10, 10, 0, 0, "resnet-1+mobile-1");
  EXPECT_DOUBLE_EQ(shown(percent), 50) << "under the first network's name";
  house->recognise_by("");
  house->settle_down();
  EXPECT_FALSE(is_shown(percent)) << "nobody is recognised";
  EXPECT_EQ(labels("true_positive"), 0);
}

TEST_F(RecognitionMeterTest, WhatCannotBeComparedIsNoFaultOfTheDatabase) {
  const auto faults = [this] {
    return metrics
        .counter("errors_total", {{"component", "database"}, {"error_type", "io"}, {"severity", "error"}})
        .value();
  };
  const auto before = faults();
  const auto label = house->label({see(""), IdentitySaid::not_person, {}, clock.wall()});
  ASSERT_FALSE(label.ok());
  EXPECT_EQ(label.error().code(), ErrorCode::unsupported);
  EXPECT_EQ(faults(), before);
  change_database(folder.path(),
                  "CREATE TRIGGER refused BEFORE INSERT ON recognition_labels BEGIN SELECT RAISE(ABORT, "
                  "'fault'); END");
  EXPECT_FALSE(house->label({see(""), IdentitySaid::stranger, {}, clock.wall()}).ok());
  EXPECT_EQ(faults(), before + 1);
}

}  // namespace
}  // namespace porchlight::pipeline
