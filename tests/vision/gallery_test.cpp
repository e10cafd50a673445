// SPDX-License-Identifier: Apache-2.0
#include "porchlight/vision/gallery.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "porchlight/vision/options.hpp"
#include "vision/verification.hpp"

namespace porchlight::vision {
namespace {

Embedding at(float x) {
  Embedding embedding{};
  embedding.resnet[0] = x;
  return embedding;
}

TEST(Gallery, TheNearestPersonWithinTheThresholdIsNamed) {
  const Gallery gallery({{"far", ListedAs::known, {at(1)}}, {"near", ListedAs::known, {at(9), at(0.3F)}}});
  const auto identity = identify(gallery, at(0), 0.5F);
  EXPECT_EQ(identity.verdict, event::Verdict::known_person);
  EXPECT_EQ(identity.person, "near");
  EXPECT_FLOAT_EQ(static_cast<float>(identity.distance), 0.3F);
}

TEST(Gallery, BeyondTheThresholdNobodyIsNamed) {
  const Gallery gallery({{"anna", ListedAs::known, {at(0.51F)}}});
  const auto identity = identify(gallery, at(0), 0.5F);
  EXPECT_EQ(identity.verdict, event::Verdict::unknown_person);
  EXPECT_EQ(identity.person, "");
  EXPECT_LT(identity.confidence, 0.5);
  EXPECT_EQ(identify(gallery, at(0.02F), 0.5F).person, "anna");
}

TEST(Gallery, AnEmptyGalleryAndAPersonWithoutPicturesKnowNobody) {
  EXPECT_EQ(identify(Gallery(), at(0), 0.5F).verdict, event::Verdict::unknown_person);
  EXPECT_EQ(identify(Gallery({{"anna", ListedAs::known, {}}}), at(0), 0.5F).person, "");
  EXPECT_EQ(identify(Gallery(), at(0), 0.5F).confidence, 0);
}

// How long it takes is the bench's affair.
TEST(Gallery, TheRightOneOfTenThousandIsFound) {
  std::mt19937 random(9);
  std::normal_distribution<float> number(0, 1);
  std::vector<Person> people;
  for (int i = 0; i < 2000; ++i) {
    Person person{std::to_string(i), ListedAs::known, {}};
    for (int k = 0; k < 5; ++k) {
      Embedding face;
      for (auto& value : face.resnet) value = number(random) / 12;
      if (i % 2 == 0) face.mobile.assign(mobile_length, 1 / std::sqrt(512.0F));
      person.embeddings.push_back(std::move(face));
    }
    people.push_back(std::move(person));
  }
  const Gallery gallery(people);
  EXPECT_EQ(gallery.without_second(), 1000U);
  for (const std::size_t who : {0U, 1U, 777U, 1234U, 1999U}) {
    auto face = people[who].embeddings[who % 5];
    face.resnet[3] += 0.05F;
    const auto identity = identify(gallery, face, default_threshold);
    EXPECT_EQ(identity.person, std::to_string(who));
    EXPECT_LE(identity.distance, 0.0501);
  }
}

TEST(Gallery, ABlacklistedPersonIsAMatchOfItsOwn) {
  const Gallery gallery({{"rosa", ListedAs::blacklisted, {at(0.1F)}}});
  EXPECT_EQ(identify(gallery, at(0), 0.5F).verdict, event::Verdict::blacklist_match);
}

TEST(Gallery, ConfidenceFallsWithTheDistance) {
  EXPECT_NEAR(confidence_of(0.5, 0.5), 0.5, 1e-9);
  EXPECT_NEAR(confidence_of(0.35, 0.5), 0.9, 1e-3);
  EXPECT_NEAR(confidence_of(0.65, 0.5), 0.1, 1e-3);
}

TEST(Verification, RatesOfAKnownSet) {
  PairDistances pairs{{0.4F, 0.1F, 0.3F, 0.2F}, {0.9F, 0.35F, 0.8F, 0.7F}};
  sort(pairs);
  EXPECT_DOUBLE_EQ(equal_error_rate(pairs), 0.25);
  EXPECT_DOUBLE_EQ(true_accepts_at(pairs, 0), 0.75);
  EXPECT_DOUBLE_EQ(true_accepts_at(pairs, 0.25), 1);
  EXPECT_DOUBLE_EQ(accepted_at(pairs.impostor, 0.35F), 0.25);
}

TEST(Verification, APictureWithoutAFaceIsNeverAccepted) {
  PairDistances pairs{{0.1F, never_near}, {0.9F, never_near}};
  sort(pairs);
  EXPECT_DOUBLE_EQ(true_accepts_at(pairs, 1), 0.5);
}

FaceOptions read(const std::string& yaml, config::Faults& faults) {
  auto document = config::Document::parse(yaml, "test.yaml", faults);
  auto root = document.root();
  auto options = read_options(root.section("faces"));
  root.finish();
  return options;
}

TEST(FaceOptions, DefaultsAndAutoThreshold) {
  config::Faults faults;
  const auto options =
      read("faces: {enabled: true, threshold: auto, embedders: [resnet], min_size: 40}", faults);
  EXPECT_TRUE(faults.empty()) << faults.all()[0].text();
  EXPECT_TRUE(options.enabled);
  EXPECT_EQ(options.threshold, default_threshold);
  EXPECT_EQ(options.min_size, 40);
  EXPECT_EQ(read("faces: {threshold: 0.42, enabled: false}", faults).threshold, 0.42F);
  EXPECT_TRUE(faults.empty());
}

TEST(FaceOptions, ThreadsAndHowLongTheModelsStay) {
  config::Faults faults;
  const auto usual = read("faces: {}", faults);
  EXPECT_EQ(usual.threads, 1);
  EXPECT_EQ(usual.unload_after, std::chrono::minutes(10));
  const auto options = read("faces: {threads: 3, unload_after: 90s}", faults);
  EXPECT_EQ(options.threads, 3);
  EXPECT_EQ(options.unload_after, std::chrono::seconds(90));
  EXPECT_EQ(read("faces: {unload_after: 0s}", faults).unload_after.count(), 0);
  EXPECT_TRUE(faults.empty()) << faults.all()[0].text();
  read("faces: {threads: 0, unload_after: 8d}", faults);
  EXPECT_EQ(faults.all().size(), 2U);
}

TEST(FaceOptions, TheSecondEmbedderIsAChoice) {
  config::Faults faults;
  EXPECT_FALSE(read("faces: {embedders: [resnet]}", faults).mobile);
  EXPECT_TRUE(read("faces: {embedders: [resnet, mobile]}", faults).mobile);
  EXPECT_TRUE(faults.empty());
  for (const auto* wrong : {"[mobile]", "[]", "[resnet, resnet]", "[resnet, facenet]"}) {
    config::Faults found;
    read(std::string("faces: {embedders: ") + wrong + "}", found);
    ASSERT_FALSE(found.empty()) << wrong;
    EXPECT_NE(found.all()[0].text().find("[resnet, mobile]"), std::string::npos) << found.all()[0].text();
  }
}

TEST(FaceOptions, ANumberStandsAndAutoMayMove) {
  config::Faults faults;
  EXPECT_TRUE(read("faces: {false_accept_rate: 0.01}", faults).auto_threshold);
  EXPECT_EQ(read("faces: {false_accept_rate: 0.01}", faults).false_accept_rate, 0.01);
  EXPECT_FALSE(read("faces: {threshold: 0.42}", faults).auto_threshold);
  EXPECT_TRUE(faults.empty());
  for (const auto* wrong : {"threshold: soon", "false_accept_rate: 0", "false_accept_rate: 0.5"}) {
    config::Faults found;
    read(std::string("faces: {") + wrong + "}", found);
    EXPECT_FALSE(found.empty()) << wrong;
  }
}

}  // namespace
}  // namespace porchlight::vision
