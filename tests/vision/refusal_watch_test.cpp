// SPDX-License-Identifier: Apache-2.0
// Faces before a camera that are not good enough to be compared.
#include "vision/degraded.hpp"
#include "vision/porch.hpp"

namespace porchlight::vision {
namespace {

using event::Refusal;
using event::Verdict;

class RefusedFace : public WatcherTest, public testing::WithParamInterface<Refusal> {
 protected:
  void only_counted(Refusal expected) {
    for (const auto reason : event::refusals) {
      if (reason == expected)
        EXPECT_GT(refused(reason), 0);
      else
        EXPECT_EQ(refused(reason), 0) << to_string(reason);
    }
  }
};

INSTANTIATE_TEST_SUITE_P(, RefusedFace,
                         testing::Values(Refusal::blurred, Refusal::turned, Refusal::dark, Refusal::bright,
                                         Refusal::cut_by_border),
                         [](const auto& test) { return std::string(to_string(test.param)); });

TEST_P(RefusedFace, IsASightingOfSomebodyUnknownWithTheReasonAndAPicture) {
  enrol({enrolled("anna")});
  const auto before = embeddings();
  const auto frame = frame_of(degraded(GetParam()));
  show(frame, 4);
  EXPECT_TRUE(seen_.empty()) << "better pictures may come";
  show(porch({}), 7);
  ASSERT_EQ(seen_.size(), 1U);
  const auto& sighting = seen_[0].sighting;
  EXPECT_EQ(sighting.verdict, Verdict::unknown_person);
  EXPECT_EQ(sighting.confidence, 0);
  ASSERT_TRUE(sighting.refused);
  EXPECT_EQ(to_string(*sighting.refused), to_string(GetParam()));
  EXPECT_EQ(seen_[0].best_shot, frame);
  EXPECT_EQ(embeddings(), before) << "what is refused costs no embedding";
  only_counted(GetParam());
}

TEST_P(RefusedFace, AnswersARingWithTheReason) {
  enrol({enrolled("anna")});
  expect(ring(), 2s);
  show(frame_of(degraded(GetParam())), 2.5);
  ASSERT_EQ(of_rings().size(), 1U);
  EXPECT_EQ(of_rings()[0].sighting.verdict, Verdict::unknown_person);
  EXPECT_EQ(of_rings()[0].sighting.refused, GetParam());
}

TEST_P(RefusedFace, IsForgottenWhenABetterPictureComes) {
  enrol({enrolled("anna")});
  const auto bad = frame_of(degraded(GetParam()));
  show(bad, 1);
  // Where the bad ones were cropped the face may stand elsewhere: then it is a visit of its own.
  const auto good = frame_of(visitor_at_door());
  show(good, 2);
  ASSERT_GE(seen_.size(), 1U);
  EXPECT_EQ(seen_[0].sighting.person, "anna");
  EXPECT_FALSE(seen_[0].sighting.refused);
  EXPECT_EQ(seen_[0].best_shot, good);
}

// A sub-stream of 320 × 240 pixels, with a face of 34.
class TooSmallFace : public RefusedFace {
 protected:
  media::FramePtr far_away() {
    auto picture = blank(320, 240, 96);
    paste(degraded(Refusal::too_small), picture, 100, 60);
    return frame_of(picture);
  }
};

TEST_F(TooSmallFace, IsTheReasonWhyARingFoundNobody) {
  expect(ring(), 2s);
  show(far_away(), 2.5);
  ASSERT_EQ(seen_.size(), 1U);
  EXPECT_EQ(seen_[0].sighting.verdict, Verdict::no_face);
  EXPECT_EQ(seen_[0].sighting.refused, Refusal::too_small);
  only_counted(Refusal::too_small);
}

TEST_F(TooSmallFace, IsNothingToReportWithoutARing) {
  show(far_away(), 3);
  show(porch({}), 7);
  EXPECT_TRUE(seen_.empty());
  EXPECT_EQ(refused(Refusal::too_small), 0);
}

TEST_F(WatcherTest, AnEmptyPorchHasNoReason) {
  expect(ring(), 1s);
  show(porch({}), 1.5);
  ASSERT_EQ(seen_.size(), 1U);
  EXPECT_FALSE(seen_[0].sighting.refused);
}

TEST_F(WatcherTest, AGoodFaceIsNeverRefused) {
  enrol({enrolled("anna")});
  show(frame_of(visitor_at_door()), 4);
  ASSERT_EQ(seen_.size(), 1U);
  EXPECT_EQ(seen_[0].sighting.person, "anna");
  EXPECT_FALSE(seen_[0].sighting.refused);
  for (const auto reason : event::refusals) EXPECT_EQ(refused(reason), 0) << to_string(reason);
}

}  // namespace
}  // namespace porchlight::vision
