// SPDX-License-Identifier: Apache-2.0
#include "vision/held_out.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>

#include "vision/pair_list.hpp"
#include "vision/verification.hpp"

namespace porchlight::vision {
namespace {

// Persons 0, 2, 4, … go to one half and 1, 3, 5, … to the other, as they all have two photographs.
const std::vector<std::size_t> eight(8, 2);

// One genuine pair a person and one impostor pair between any two of a half.
std::vector<LabelledPair> pairs(float genuine, float impostor_of_even, float impostor_of_odd) {
  std::vector<LabelledPair> out;
  for (std::size_t a = 0; a < 8; ++a) {
    out.push_back({genuine, a, a, true});
    for (std::size_t b = a + 1; b < 8; ++b) {
      const bool within_half = a % 2 == b % 2;
      out.push_back({!within_half ? 0.95F : a % 2 == 0 ? impostor_of_even : impostor_of_odd, a, b, false});
    }
  }
  return out;
}

TEST(HeldOut, TheThresholdIsChosenOnTheOtherHalf) {
  // Even people's impostors begin at 0.3, odd people's at 0.8; genuine pairs lie at 0.5. Chosen on the odd
  // half the threshold is just below 0.8: it takes all of the even half's genuine pairs and all of its
  // impostors. Chosen on the even half it is just below 0.3 and takes nothing of the odd half. A threshold
  // chosen on the pairs it is tried on would never accept an impostor.
  const HeldOut trial(pairs(0.5F, 0.3F, 0.8F), eight, 0.6F);
  ASSERT_TRUE(trial.divided());
  const auto rates = trial.rates();
  EXPECT_DOUBLE_EQ(rates.tar_2, 0.5);
  EXPECT_DOUBLE_EQ(rates.far_2, 0.5);
  EXPECT_DOUBLE_EQ(rates.tar_3, 0.5);
  EXPECT_DOUBLE_EQ(rates.tpr_default, 1);
  EXPECT_DOUBLE_EQ(rates.fpr_default, 6.0 / 28);
  EXPECT_GT(rates.error, 0.2);
}

TEST(HeldOut, HalvesThatAreAlikeAgree) {
  const auto rates = HeldOut(pairs(0.3F, 0.8F, 0.8F), eight, 0.5F).rates();
  EXPECT_DOUBLE_EQ(rates.eer, 0);
  EXPECT_DOUBLE_EQ(rates.tar_2, 1);
  EXPECT_DOUBLE_EQ(rates.far_2, 0);
  EXPECT_DOUBLE_EQ(rates.error, 0);
}

TEST(HeldOut, TheEqualErrorRateIsThatOfAllPairs) {
  PairDistances kinds{{0.4F, 0.1F, 0.3F, 0.2F}, {0.9F, 0.35F, 0.8F, 0.7F}};
  std::vector<LabelledPair> list;
  for (std::size_t i = 0; i < 4; ++i) {
    list.push_back({kinds.genuine[i], i, i, true});
    list.push_back({kinds.impostor[i], i, (i + 1) % 4, false});
  }
  sort(kinds);
  const HeldOut trial(list, {2, 2, 2, 2}, 0.35F);
  EXPECT_DOUBLE_EQ(trial.rates().eer, equal_error_rate(kinds));
  EXPECT_DOUBLE_EQ(trial.rates().eer, 0.25);
  EXPECT_DOUBLE_EQ(trial.rates().fpr_default, 0.25);
  EXPECT_DOUBLE_EQ(trial.rates().tpr_default, 0.75);
}

TEST(HeldOut, TooFewPeopleAreNotDividedAndSaySo) {
  const HeldOut trial({{0.2F, 0, 0, true}, {0.7F, 0, 1, false}}, {2, 1}, 0.5F);
  EXPECT_FALSE(trial.divided());
  EXPECT_DOUBLE_EQ(trial.rates().tar_2, 1);
  const HeldOut nothing({{0.2F, 0, 0, true}}, {2}, 0.5F);
  EXPECT_TRUE(std::isnan(nothing.rates().fpr_default));
  EXPECT_TRUE(std::isnan(nothing.rates().eer));
  EXPECT_TRUE(std::isnan(nothing.intervals().low.eer));
}

TEST(HeldOut, APictureWithoutAFaceIsNeverAccepted) {
  const HeldOut trial({{0.2F, 0, 0, true}, {never_near, 0, 0, true}, {never_near, 0, 1, false}}, {3, 1},
                      0.5F);
  EXPECT_DOUBLE_EQ(trial.rates().tar_2, 0.5);
  EXPECT_DOUBLE_EQ(trial.rates().fpr_default, 0);
}

// People differ: every second one's genuine pair is refused.
std::vector<LabelledPair> mixed(std::size_t people) {
  std::vector<LabelledPair> out;
  for (std::size_t a = 0; a < people; ++a) {
    out.push_back({a % 4 < 2 ? 0.2F : 0.9F, a, a, true});
    for (std::size_t b = a + 1; b < people; ++b) out.push_back({0.7F, a, b, false});
  }
  return out;
}

TEST(HeldOut, IntervalsAreTheSameEveryTimeAndNarrowWithMorePeople) {
  const HeldOut few(mixed(8), std::vector<std::size_t>(8, 2), 0.5F);
  const auto a = few.intervals();
  const auto b = few.intervals();
  EXPECT_EQ(a.low.tpr_default, b.low.tpr_default);
  EXPECT_EQ(a.high.eer, b.high.eer);
  EXPECT_LT(a.low.tpr_default, 0.5);
  EXPECT_GT(a.high.tpr_default, 0.5);
  // Half of n people: the deviation of the mean is 0.5 / sqrt(n), the interval four of them.
  EXPECT_NEAR(a.high.tpr_default - a.low.tpr_default, 4 * 0.5 / std::sqrt(8.0), 0.15);
  const HeldOut many(mixed(64), std::vector<std::size_t>(64, 2), 0.5F);
  const auto c = many.intervals();
  EXPECT_NEAR(c.high.tpr_default - c.low.tpr_default, 4 * 0.5 / std::sqrt(64.0), 0.06);
  EXPECT_EQ(c.low.fpr_default, 0);
}

TEST(HeldOut, IntervalsAreOverPeopleNotOverPairs) {
  // Two people a half, one always accepted and one never, each with a hundred pairs: drawing pairs would
  // give about 0.5 ± 0.05.
  std::vector<LabelledPair> list;
  for (std::size_t person = 0; person < 4; ++person) {
    for (int i = 0; i < 100; ++i) list.push_back({person < 2 ? 0.2F : 0.9F, person, person, true});
    for (std::size_t other = 0; other < person; ++other) list.push_back({0.7F, person, other, false});
  }
  const auto intervals = HeldOut(list, {2, 2, 2, 2}, 0.5F).intervals();
  EXPECT_EQ(intervals.low.tpr_default, 0);
  EXPECT_EQ(intervals.high.tpr_default, 1);
}

TEST(PairList, PairsOfOnePersonConnectPictures) {
  const auto people =
      people_of({{"a", "b", true}, {"c", "d", true}, {"x", "a", false}, {"b", "d", true}, {"x", "y", false}});
  EXPECT_EQ(people.photographs, (std::vector<std::size_t>{4, 1, 1}));
  for (const auto* name : {"b", "c", "d"}) EXPECT_EQ(people.person.at(name), people.person.at("a")) << name;
  EXPECT_NE(people.person.at("x"), people.person.at("a"));
  EXPECT_NE(people.person.at("x"), people.person.at("y")) << "a pair of two people joins nobody";
}

}  // namespace
}  // namespace porchlight::vision
