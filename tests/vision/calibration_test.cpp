// SPDX-License-Identifier: Apache-2.0
#include "porchlight/vision/calibration.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "vision/rates.hpp"

namespace porchlight::vision {
namespace {

// People at right angles to each other: any two are `apart`, one person's photographs are 0.01 apart.
std::vector<Person> people(std::size_t count, std::size_t photographs, float apart) {
  std::vector<Person> out;
  for (std::size_t i = 0; i < count; ++i) {
    Person person{"p" + std::to_string(i), ListedAs::known, {}};
    for (std::size_t k = 0; k < photographs; ++k) {
      Embedding face;
      face.resnet[i] = apart / std::sqrt(2.0F);
      face.resnet[127 - k] = 0.001F;
      person.embeddings.push_back(face);
    }
    out.push_back(std::move(person));
  }
  return out;
}

// Moves a person so that the first of its photographs is `apart` from the first person's.
void bring_near(std::vector<Person>& all, std::size_t who, float apart, std::size_t photographs) {
  for (std::size_t k = 0; k < photographs; ++k) {
    auto& face = all[who].embeddings[k];
    face = all[0].embeddings[0];
    face.resnet[60 + who] += apart;  // each in a direction of its own
  }
}

Calibration calibrated(const std::vector<Person>& people, double rate = 0.001) {
  FaceOptions options;
  options.false_accept_rate = rate;
  return calibrate(Gallery(people), options);
}

using Basis = Calibration::Basis;

TEST(Calibration, ASmallGalleryKeepsTheShippedThreshold) {
  for (const std::size_t count : {0U, 1U, 2U, 7U}) {
    const auto small = calibrated(people(count, 3, 0.45F));
    EXPECT_EQ(small.threshold, default_threshold) << count;
    EXPECT_EQ(small.basis, Basis::shipped) << count;
  }
  EXPECT_NE(words(calibrated(people(3, 1, 0.8F))).find("3 people enrolled, 8 are needed"), std::string::npos);
}

// Enrolled while the second embedder ran, which takes them for very different people, and does not run any
// more.
TEST(Calibration, LooksAtWhatACameraIsComparedBy) {
  auto near = people(10, 2, 0.45F);
  for (std::size_t i = 0; i < near.size(); ++i)
    for (auto& face : near[i].embeddings) {
      face.mobile.assign(mobile_length, 0);
      face.mobile[i] = 1;
    }
  FaceOptions options;
  const auto alone = calibrate(Gallery(near), options);
  EXPECT_EQ(alone.basis, Basis::tightened);
  EXPECT_LT(alone.threshold, 0.4501F);
  options.mobile = true;
  EXPECT_EQ(calibrate(Gallery(near), options).basis, Basis::shipped);
}

TEST(Calibration, TooFewComparisonsForTheRateMayOnlyTighten) {
  const auto far = calibrated(people(10, 2, 0.9F));  // 180 comparisons: 0.1 % would need 3,000
  EXPECT_EQ(far.pairs, 180U);
  EXPECT_EQ(far.threshold, default_threshold);
  EXPECT_EQ(far.basis, Basis::shipped);
  auto near = people(10, 2, 0.9F);
  bring_near(near, 1, 0.45F, 1);  // one photograph in two of p1, so half the comparisons with p0
  const auto tightened = calibrated(near);
  EXPECT_EQ(tightened.basis, Basis::tightened);
  EXPECT_LT(tightened.threshold, 0.4501F);
  EXPECT_GT(tightened.threshold, 0.44F);
  EXPECT_EQ(tightened.accepted, 0U);
  EXPECT_TRUE(tightened.look_alikes.empty());
}

// Of 40 people with 4 photographs each, 780 · 16 = 12,480 comparisons, known ones lie below 0.50.
TEST(Calibration, ALargeGalleryGivesTheQuantileOfTheWantedRate) {
  auto all = people(40, 4, 0.9F);
  // One photograph of p1…p5 lies 0.42, 0.44, … before p0's four: 20 comparisons.
  for (std::size_t i = 1; i <= 5; ++i) bring_near(all, i, 0.40F + 0.02F * static_cast<float>(i), 1);
  const auto strict = calibrated(all, 0.0005);  // 6 of 12,480: those of p1, and two of p2
  EXPECT_EQ(strict.basis, Basis::gallery);
  EXPECT_NEAR(strict.threshold, 0.44F, 0.002F);
  EXPECT_LE(static_cast<double>(strict.accepted), 0.0005 * static_cast<double>(strict.pairs));
  const auto loose = calibrated(all, 0.0011);  // 13 of them: those of p1, p2 and p3
  EXPECT_NEAR(loose.threshold, 0.48F, 0.002F);
  EXPECT_LT(strict.threshold, loose.threshold);
  EXPECT_GE(loose.bound, 0.0009) << "an upper bound";
}

TEST(Calibration, StaysWithinItsBounds) {
  EXPECT_EQ(calibrated(people(40, 4, 1.0F)).threshold, threshold_ceiling);
  auto near = people(40, 4, 0.9F);
  for (std::size_t i = 1; i < 40; ++i) bring_near(near, i, 0.2F, 1);
  EXPECT_EQ(calibrated(near).threshold, threshold_floor);
}

TEST(Calibration, TwinsUnderTwoNamesAreNamedAndDoNotMoveTheThreshold) {
  auto all = people(12, 3, 0.9F);
  bring_near(all, 1, 0.05F, 3);
  const auto with_twins = calibrated(all);
  EXPECT_EQ(with_twins.threshold, default_threshold);
  ASSERT_EQ(with_twins.look_alikes.size(), 1U);
  EXPECT_EQ(with_twins.look_alikes[0].a + with_twins.look_alikes[0].b, "p0p1");
  EXPECT_NEAR(with_twins.look_alikes[0].distance, 0.05F, 0.01F);
  EXPECT_EQ(with_twins.pairs, 66U * 9 - 9) << "the twins' comparisons do not count";
  // Both are still recognised, by whoever is nearer.
  const Gallery gallery(all);
  EXPECT_EQ(identify(gallery, all[1].embeddings[0], with_twins.threshold).person, "p1");
  EXPECT_EQ(identify(gallery, all[0].embeddings[0], with_twins.threshold).person, "p0");
}

TEST(Calibration, AGalleryFullOfTwinsIsNoGalleryOfTwins) {
  auto all = people(12, 3, 0.9F);
  for (std::size_t i = 1; i <= 6; ++i) bring_near(all, i, 0.02F * static_cast<float>(i), 3);
  const auto alike = calibrated(all);
  EXPECT_GT(alike.look_alikes.size(), 3U);
  EXPECT_EQ(alike.threshold, threshold_floor);
  EXPECT_EQ(alike.basis, Basis::tightened);
  EXPECT_GT(alike.accepted, 0U) << "and it says what the floor lets through";
}

TEST(Calibration, AConfiguredNumberStands) {
  auto all = people(12, 3, 0.9F);
  bring_near(all, 1, 0.05F, 3);
  FaceOptions options;
  options.auto_threshold = false;
  options.threshold = 0.61F;
  const auto fixed = calibrate(Gallery(all), options);
  EXPECT_EQ(fixed.threshold, 0.61F);
  EXPECT_EQ(fixed.basis, Basis::configured);
  EXPECT_EQ(fixed.look_alikes.size(), 1U);
}

TEST(Calibration, LooksAtAFewOfManyPhotographs) {
  const auto many = calibrated(people(100, 80, 0.9F));
  EXPECT_EQ(many.persons, 100U);
  EXPECT_EQ(many.pairs, 100U * 99 / 2 * 5 * 5);
  const auto hundred = people(100, 1, 0.9F);
  std::vector<Person> crowd;
  for (int i = 0; i < 10; ++i) crowd.insert(crowd.end(), hundred.begin(), hundred.end());
  EXPECT_EQ(calibrated(crowd).persons, 512U);
}

TEST(Calibration, CountsWhoLacksTheSecondEmbeddingOnlyWhenItIsAskedFor) {
  auto all = people(3, 1, 0.9F);
  all[1].embeddings[0].mobile.assign(mobile_length, 0.1F);
  FaceOptions options;
  EXPECT_EQ(calibrate(Gallery(all), options).without_second, 0U);
  options.mobile = true;
  EXPECT_EQ(calibrate(Gallery(all), options).without_second, 2U);
}

TEST(Calibration, SaysNobodysName) {
  auto all = people(12, 3, 0.9F);
  bring_near(all, 1, 0.05F, 3);
  all[0].name = all[1].name = "Rosalind";
  EXPECT_EQ(words(calibrated(all)).find("Rosalind"), std::string::npos);
}

// Tables of Clopper and Pearson, one-sided 95 %.
TEST(Rates, UpperBounds) {
  EXPECT_NEAR(upper_bound_95(0, 100), 0.02951, 1e-5);
  EXPECT_NEAR(upper_bound_95(0, 3000), 3.0 / 3000, 2e-6);
  EXPECT_NEAR(upper_bound_95(1, 100), 0.04656, 1e-5);
  EXPECT_NEAR(upper_bound_95(5, 50), 0.19883, 1e-5);
  EXPECT_NEAR(upper_bound_95(60'000, 130'000), 0.4638, 2e-4);
  EXPECT_EQ(upper_bound_95(0, 0), 1);
  EXPECT_EQ(upper_bound_95(4, 4), 1);
}

}  // namespace
}  // namespace porchlight::vision
