// SPDX-License-Identifier: Apache-2.0
// Votes and pictures of one visit, with made-up embeddings: a person is a point, a shot lies beside it.
#include "vision/visit.hpp"

#include <gtest/gtest.h>

#include "porchlight/vision/refusal.hpp"

namespace porchlight::vision {
namespace {

using event::Refusal;
using event::Verdict;

constexpr float threshold = 0.5F;

Embedding at(float x, float y = 0) {
  Embedding embedding{};
  embedding.resnet[0] = x;
  embedding.resnet[1] = y;
  return embedding;
}

Chip of_quality(float quality) {
  Chip chip;
  chip.quality = quality;
  return chip;
}

class VisitTest : public testing::Test {
 protected:
  void shot(const Embedding& embedding, float quality = 0.5F) {
    ASSERT_TRUE(visit_.add_shot(embedding, of_quality(quality), frame(), now_));
    visit_.judge(gallery_, threshold);
  }
  media::FramePtr frame() {
    frames_.push_back(std::make_shared<media::Frame>());
    return frames_.back();
  }

  const MonotonicTime now_{};
  // 0.8 apart: nobody can be within the threshold of both by much.
  Gallery gallery_{{{"anna", ListedAs::known, {at(0)}}, {"berta", ListedAs::known, {at(0.8F)}}}};
  Visit visit_{1, Face{}, now_};
  std::vector<media::FramePtr> frames_;
};

TEST_F(VisitTest, OneClearShotIsEnough) {
  shot(at(0, 0.41F));
  EXPECT_TRUE(visit_.sure());
  EXPECT_EQ(visit_.identity().person, "anna");
}

TEST_F(VisitTest, OneShotAtTheThresholdIsNot) {
  shot(at(0, 0.45F));
  EXPECT_FALSE(visit_.sure());
  shot(at(0, 0.45F));
  EXPECT_TRUE(visit_.sure());
  EXPECT_EQ(visit_.identity().person, "anna");
}

TEST_F(VisitTest, OneWrongShotAmongGoodOnesDoesNotDecide) {
  shot(at(0.5F));
  EXPECT_EQ(visit_.identity().person, "berta");
  shot(at(0, 0.3F));
  EXPECT_FALSE(visit_.sure()) << "one vote for each";
  shot(at(0, 0.3F));
  EXPECT_TRUE(visit_.sure());
  EXPECT_EQ(visit_.identity().person, "anna");
  shot(at(0.5F));
  shot(at(0, 0.3F));
  EXPECT_TRUE(visit_.sure());
  EXPECT_EQ(visit_.identity().person, "anna");
}

TEST_F(VisitTest, AMeanThatNoShotIsLikeNamesNobody) {
  // Between them lies anna; none of them is like her.
  gallery_ = Gallery({{"anna", ListedAs::known, {at(0)}},
                      {"berta", ListedAs::known, {at(0.45F, 0.1F)}},
                      {"carla", ListedAs::known, {at(-0.45F, 0.1F)}},
                      {"dora", ListedAs::known, {at(0, -0.45F)}}});
  shot(at(0.29F, 0.05F));
  shot(at(-0.29F, 0.05F));
  shot(at(0, -0.29F));
  EXPECT_FALSE(visit_.sure());
  EXPECT_EQ(visit_.identity().verdict, Verdict::unknown_person);
  EXPECT_EQ(visit_.identity().person, "");
}

TEST_F(VisitTest, AStrangerIsSureAfterThreeShotsThatAreNearNobody) {
  for (int i = 0; i < 2; ++i) {
    shot(at(0.4F, 0.9F));
    EXPECT_FALSE(visit_.sure());
  }
  shot(at(0.4F, 0.9F));
  EXPECT_TRUE(visit_.sure());
  EXPECT_EQ(visit_.identity().verdict, Verdict::unknown_person);
}

TEST_F(VisitTest, AShotThatIsNearSomebodyKeepsAStrangerUnsure) {
  shot(at(0, 0.9F));
  shot(at(0, 0.9F));
  shot(at(0, 0.45F));
  EXPECT_EQ(visit_.identity().verdict, Verdict::unknown_person);
  EXPECT_FALSE(visit_.sure());
}

TEST_F(VisitTest, TheBestFiveShotsVote) {
  shot(at(0, 0.95F), 0.11F);
  for (int i = 0; i < 5; ++i) shot(at(0, 0.45F), 0.5F);
  EXPECT_NEAR(visit_.identity().distance, 0.45, 1e-5) << "the worst was dropped";
  EXPECT_EQ(visit_.shots(), 5U);
}

TEST_F(VisitTest, AnotherGalleryMeansNewVotes) {
  shot(at(0, 0.2F));
  shot(at(0, 0.2F));
  EXPECT_EQ(visit_.identity().person, "anna");
  visit_.judge_anew(Gallery({{"zoe", ListedAs::known, {at(0)}}}), threshold);
  EXPECT_EQ(visit_.identity().person, "zoe");
  EXPECT_TRUE(visit_.sure());
}

TEST_F(VisitTest, ThePictureIsTheBestOneOfThoseCompared) {
  visit_.refuse(Refusal::dark, of_quality(0.6F), frame());
  EXPECT_EQ(visit_.best_frame(), frames_[0]) << "better than none";
  shot(at(0), 0.2F);
  EXPECT_EQ(visit_.best_frame(), frames_[1]) << "it shows who was recognised";
  shot(at(0), 0.5F);
  shot(at(0), 0.3F);
  visit_.refuse(Refusal::cut_by_border, of_quality(0.9F), frame());
  EXPECT_EQ(visit_.best_frame(), frames_[2]);
}

TEST_F(VisitTest, WhatMostPicturesLackedIsTheReason) {
  EXPECT_FALSE(visit_.refused());
  visit_.refuse(Refusal::dark, of_quality(0.05F), frame());
  visit_.refuse(Refusal::blurred, of_quality(0.05F), frame());
  visit_.refuse(Refusal::blurred, of_quality(0.05F), frame());
  EXPECT_EQ(visit_.refused(), Refusal::blurred);
  shot(at(2), 0.05F);
  EXPECT_EQ(visit_.refused(), Refusal::blurred) << "that was no good shot either";
  shot(at(2), 0.3F);
  EXPECT_FALSE(visit_.refused());
}

TEST_F(VisitTest, NeighboursAreKnownToBothAndPassedOn) {
  Visit other(2, Face{}, now_);
  EXPECT_FALSE(visit_.stood_beside(other));
  visit_.stands_beside(other.number());
  EXPECT_TRUE(visit_.stood_beside(other));
  EXPECT_TRUE(other.stood_beside(visit_));
  Visit earlier(3, Face{}, now_);
  earlier.continue_as(std::move(visit_));
  EXPECT_TRUE(earlier.stood_beside(other));
  earlier.forget_neighbour(other.number());
  EXPECT_FALSE(earlier.stood_beside(other));
}

}  // namespace
}  // namespace porchlight::vision
