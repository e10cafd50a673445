// SPDX-License-Identifier: Apache-2.0
#include "porchlight/vision/refusal.hpp"

#include <gtest/gtest.h>

#include "vision/degraded.hpp"

namespace porchlight::vision {
namespace {

using event::Refusal;

class RefusedPhoto : public testing::TestWithParam<Refusal> {};

INSTANTIATE_TEST_SUITE_P(, RefusedPhoto, testing::ValuesIn(event::refusals),
                         [](const auto& test) { return std::string(to_string(test.param)); });

TEST_P(RefusedPhoto, IsNotComparedAndSaysWhy) {
  PORCHLIGHT_NEEDS_ENGINE(engine);
  const auto shots = engine->shots_of_photo(degraded(GetParam()));
  ASSERT_TRUE(shots.ok()) << shots.error().text();
  ASSERT_EQ(shots->size(), 1U);
  const auto& shot = shots->front();
  ASSERT_TRUE(shot.refused) << "quality " << shot.quality;
  EXPECT_EQ(to_string(shot.refused->reason), to_string(GetParam()));
  EXPECT_EQ(shot.embedding, Embedding{});
  const auto enrolled = engine->largest_shot(visitor_enrolled());
  const Gallery gallery({{"anna", ListedAs::known, {(*enrolled)->embedding, Embedding{}}}});
  const auto identity = identify(gallery, shot, default_threshold);
  EXPECT_EQ(identity.verdict, event::Verdict::unknown_person);
  EXPECT_EQ(identity.confidence, 0);
}

TEST_P(RefusedPhoto, IsNotEnrolled) {
  PORCHLIGHT_NEEDS_ENGINE(engine);
  for (const auto whose : {FaceEngine::Whose::only, FaceEngine::Whose::largest}) {
    const auto shot = engine->enrolable_shot(degraded(GetParam()), whose);
    ASSERT_TRUE(shot.ok()) << shot.error().text();
    ASSERT_TRUE(shot->refused);
    EXPECT_EQ(to_string(shot->refused->reason), to_string(GetParam()));
    EXPECT_EQ(shot->refused->words.substr(0, 9), "the face ");
  }
}

TEST(Refusal, GoodPhotographsAreNotRefused) {
  PORCHLIGHT_NEEDS_ENGINE(engine);
  const auto door = visitor_at_door();
  // Each fault in a measure that a good camera has, too.
  for (const auto& photo : {door, visitor_enrolled(), stranger(), blurred(door, 3), lit(door, 0.35),
                            lit(door, 1.6), resized(door, 90, 90), crop(door, 0, 0, 420, 630)}) {
    const auto shot = engine->enrolable_shot(photo, FaceEngine::Whose::only);
    ASSERT_TRUE(shot.ok()) << shot.error().text();
    EXPECT_FALSE(shot->refused) << shot->refused->words;
    EXPECT_NE(shot->embedding, Embedding{});
    EXPECT_FALSE(engine->shots_of_photo(photo)->front().refused);
  }
}

TEST(Refusal, OnlyTheTurnedFaceOfTheSamplesIsRefused) {
  PORCHLIGHT_NEEDS_ENGINE(engine);
  int compared = 0;
  int turned = 0;
  for (int number = 1; number <= 6; ++number) {
    const auto shots = engine->shots_of_photo(sample(number));
    ASSERT_TRUE(shots.ok());
    for (const auto& shot : *shots) {
      if (!shot.refused) ++compared;
      if (shot.refused && shot.refused->reason == Refusal::turned) ++turned;
    }
  }
  EXPECT_EQ(compared, 21);
  EXPECT_EQ(turned, 1);
}

TEST(Refusal, WhatIsMeasuredIsNeverRefused) {
  PORCHLIGHT_NEEDS_ENGINE(engine);
  for (const auto fault : event::refusals) {
    const auto shot = engine->largest_shot(degraded(fault));
    ASSERT_TRUE(shot.ok() && *shot);
    EXPECT_FALSE((*shot)->refused);
    EXPECT_NE((*shot)->embedding, Embedding{});
  }
}

Chip perfect() {
  Chip chip;
  chip.quality = chip.size = chip.sharpness = chip.frontal = chip.dark = chip.bright = chip.inside = 1;
  return chip;
}

TEST(Refusal, TheWorstPartIsTheReason) {
  const Box box{0, 0, 80, 100};
  EXPECT_FALSE(refusal_of(perfect(), box, 40, good_shot));
  auto chip = perfect();
  chip.frontal = 0.19F;
  chip.sharpness = 0.02F;
  EXPECT_EQ(refusal_of(chip, box, 40, good_shot)->reason, Refusal::blurred);
  chip.frontal = 0.01F;
  EXPECT_EQ(refusal_of(chip, box, 40, good_shot)->reason, Refusal::turned);
  // Each part would do; together they do not.
  auto weak = perfect();
  weak.sharpness = 0.3F;
  weak.frontal = 0.21F;
  weak.quality = 0.063F;
  EXPECT_EQ(refusal_of(weak, box, 40, good_shot)->reason, Refusal::turned);
  weak.size = 0.2F;
  EXPECT_EQ(refusal_of(weak, box, 40, good_shot)->reason, Refusal::too_small);
  EXPECT_FALSE(refusal_of(weak, box, 40, usable_shot));
}

TEST(Refusal, AFaceThatIsTooSmallIsNothingElse) {
  auto chip = perfect();
  chip.frontal = 0;
  const auto refused = refusal_of(chip, {0, 0, 30, 39}, 40, good_shot);
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->reason, Refusal::too_small);
  EXPECT_EQ(refused->words, "the face is too small: 39 pixels high, needed are 40");
}

}  // namespace
}  // namespace porchlight::vision
