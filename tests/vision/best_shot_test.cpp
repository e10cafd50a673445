// SPDX-License-Identifier: Apache-2.0
// Which picture goes with a sighting, how many faces are embedded for it, and whose sightings are one.
#include "vision/degraded.hpp"
#include "vision/porch.hpp"

namespace porchlight::vision {
namespace {

using event::Verdict;

TEST_F(WatcherTest, TheBestPictureGoesWithTheEventNotTheFirstOrTheLast) {
  const auto poor = blurred(stranger_face_, 2);
  const auto first = porch({{&poor, 170}});
  const auto best = porch({{&stranger_face_, 170}});
  const auto last = porch({{&poor, 170}});
  show(first, 0.2);
  show(best, 0.2);
  show(last, 1);
  ASSERT_EQ(seen_.size(), 1U);
  EXPECT_EQ(seen_[0].sighting.verdict, Verdict::unknown_person);
  EXPECT_EQ(seen_[0].best_shot, best);
}

TEST_F(WatcherTest, EmbeddingStopsWhenTheNameIsSure) {
  enrol({enrolled("anna")});
  const auto enrolling = embeddings();
  show(porch({{&door_face_, 170}}), 1);
  ASSERT_EQ(seen_.size(), 1U);
  const auto to_be_sure = embeddings() - enrolling;
  EXPECT_GE(to_be_sure, 1);
  EXPECT_LE(to_be_sure, 2);
  show(porch({{&door_face_, 170}}), 10);
  const auto verifying = embeddings() - enrolling - to_be_sure;
  EXPECT_GE(verifying, 4) << "somebody else may have taken the place";
  EXPECT_LE(verifying, 6) << "once in two seconds";
  EXPECT_EQ(seen_.size(), 1U);
}

TEST_F(WatcherTest, AStrangerTakesThreeEmbeddings) {
  enrol({enrolled("anna")});
  const auto enrolling = embeddings();
  show(porch({{&stranger_face_, 170}}), 1.5);
  ASSERT_EQ(seen_.size(), 1U);
  EXPECT_EQ(seen_[0].sighting.verdict, Verdict::unknown_person);
  EXPECT_EQ(embeddings() - enrolling, 3);
}

// Two who look alike, as two people of one name.
TEST_F(WatcherTest, TwinsAtOnceAreTwoSightings) {
  enrol({enrolled("anna")});
  show(porch({{&door_face_, 10}, {&door_face_, 330}}), 3);
  show(porch({}), 7);
  ASSERT_EQ(seen_.size(), 2U);
  EXPECT_EQ(seen_[0].sighting.person, "anna");
  EXPECT_EQ(seen_[1].sighting.person, "anna");
  EXPECT_NE(seen_[0].sighting.track, seen_[1].sighting.track);
}

// The first pictures after the return are refused, and meanwhile the gap has passed.
TEST_F(WatcherTest, WhoComesBackWithinTheGapButIsRecognisedLaterIsOneSighting) {
  const auto poor = blurred(stranger_face_, 6);
  for (const auto known : {false, true}) {
    if (known) enrol({{"sten", ListedAs::known, {(*engine_->largest_shot(stranger()))->embedding}}});
    const auto refused_before = refused(event::Refusal::blurred);
    seen_.clear();
    show(porch({{&stranger_face_, 20}}), 2);
    show(porch({}), 4);
    show(porch({{&poor, 330}}), 1.2);
    EXPECT_GT(refused(event::Refusal::blurred), refused_before) << "it was not seen before the gap was over";
    show(porch({{&stranger_face_, 330}}), 2);
    show(porch({}), 7);
    ASSERT_EQ(seen_.size(), 1U);
    EXPECT_EQ(seen_[0].sighting.person, known ? "sten" : "");
    EXPECT_FALSE(watcher_->busy());
  }
}

}  // namespace
}  // namespace porchlight::vision
