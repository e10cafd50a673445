// SPDX-License-Identifier: Apache-2.0
#include "gpio/press_detector.hpp"

#include <gmock/gmock.h>

#include <random>

namespace porchlight::gpio {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Kind = Finding::Kind;
using Contact = PressDetector::Contact;

constexpr auto debounce = 30ms;
const PressTiming timing{debounce, 2s, 60s};
const MonotonicTime start{1'000s};

std::vector<MonotonicTime> times(const Findings& findings, Kind kind) {
  std::vector<MonotonicTime> at;
  for (const auto& f : findings) {
    if (f.kind == kind) at.push_back(f.at);
  }
  return at;
}

std::vector<Kind> kinds(const Findings& findings) {
  std::vector<Kind> all;
  for (const auto& f : findings) all.push_back(f.kind);
  return all;
}

class PressDetectorTest : public ::testing::Test {
 protected:
  PressDetectorTest() { detector.begin(false, start, found); }
  void edge(bool active, std::chrono::nanoseconds after, std::uint32_t sequence = 0) {
    detector.edge({active, start + after, sequence}, found);
  }
  PressDetector detector{timing};
  Findings found;
};

TEST_F(PressDetectorTest, RingsAtTheFirstEdgeWithoutWaiting) {
  edge(true, 10ms);
  EXPECT_THAT(times(found, Kind::pressed), ElementsAre(start + 10ms));
}

TEST_F(PressDetectorTest, FourteenBouncingEdgesAreOnePress) {
  for (int i = 0; i < 14; ++i) edge(i % 2 == 0, 10ms + i * 2ms);
  EXPECT_THAT(times(found, Kind::pressed), ElementsAre(start + 10ms));
}

TEST_F(PressDetectorTest, ABounceOfTheReleaseIsNoPress) {
  edge(true, 0ms);
  edge(false, 500ms);
  edge(true, 505ms);
  edge(false, 510ms);
  EXPECT_THAT(times(found, Kind::pressed), ElementsAre(start));
}

TEST_F(PressDetectorTest, AnInterruptionShorterThanDebounceIsNoSecondPress) {
  edge(true, 0ms);
  edge(false, 1s);
  edge(true, 1s + debounce - 1ns);
  EXPECT_THAT(times(found, Kind::pressed), ElementsAre(start));
  edge(false, 2s);
  edge(true, 2s + debounce);
  EXPECT_THAT(times(found, Kind::pressed), ElementsAre(start, start + 2s + debounce));
}

TEST_F(PressDetectorTest, EachEdgeOfABounceProlongsIt) {
  edge(true, 0ms);
  edge(false, 100ms);
  edge(true, 125ms);
  edge(false, 150ms);
  edge(true, 175ms);  // 75 ms after the first release, 25 ms after the last edge
  EXPECT_THAT(times(found, Kind::pressed), ElementsAre(start));
}

TEST_F(PressDetectorTest, PressAfterPressWithoutReleaseRingsAgainWhenFurtherApartThanDebounce) {
  edge(true, 0ms);
  edge(true, debounce - 1ns);
  EXPECT_THAT(times(found, Kind::pressed), ElementsAre(start));
  edge(true, 2 * debounce);
  EXPECT_THAT(times(found, Kind::pressed), ElementsAre(start, start + 2 * debounce));
}

TEST_F(PressDetectorTest, WithoutDebounceEveryActiveEdgeRings) {
  PressDetector raw({0ns, 2s, 60s});
  raw.begin(false, start, found);
  for (int i = 0; i < 14; ++i) raw.edge({i % 2 == 0, start + i * 1us, 0}, found);
  EXPECT_EQ(times(found, Kind::pressed).size(), 7U);
}

TEST_F(PressDetectorTest, AReleaseFoundTooEarlyIsTakenBackByTheBounceThatWasStillOnItsWay) {
  edge(true, 0ms);
  edge(false, 100ms);
  detector.advance(start + 200ms, found);
  EXPECT_EQ(detector.contact(), Contact::open);
  edge(true, 110ms);  // read late
  EXPECT_THAT(times(found, Kind::pressed), ElementsAre(start));
  EXPECT_EQ(detector.contact(), Contact::closed);
}

TEST_F(PressDetectorTest, HeldRingsNoSecondTimeAndIsToldFromPressed) {
  edge(true, 0ms);
  EXPECT_EQ(detector.next_deadline(), start + 2s);
  detector.advance(start + 2s - 1ns, found);
  EXPECT_EQ(detector.contact(), Contact::closed);
  detector.advance(start + 2s, found);
  EXPECT_EQ(detector.contact(), Contact::held);
  EXPECT_EQ(detector.next_deadline(), start + 60s);
  edge(false, 10s);
  detector.advance(start + 10s + debounce, found);
  EXPECT_EQ(detector.contact(), Contact::open);
  EXPECT_EQ(detector.next_deadline(), std::nullopt);
  EXPECT_THAT(kinds(found), ElementsAre(Kind::pressed));
}

TEST_F(PressDetectorTest, StuckIsSaidOnceAndItsReleaseToo) {
  edge(true, 0ms);
  detector.advance(start + 60s - 1ns, found);
  EXPECT_THAT(kinds(found), ElementsAre(Kind::pressed));
  for (int i = 0; i < 3; ++i) detector.advance(start + 60s + i * 1s, found);
  EXPECT_THAT(kinds(found), ElementsAre(Kind::pressed, Kind::stuck));
  edge(false, 70s);
  detector.advance(start + 71s, found);
  EXPECT_THAT(kinds(found), ElementsAre(Kind::pressed, Kind::stuck, Kind::released));
  EXPECT_EQ(found.back().at, start + 70s + debounce);
}

TEST_F(PressDetectorTest, APressOnAStuckLineReleasesAndRings) {
  edge(true, 0ms);
  detector.advance(start + 60s, found);
  edge(true, 61s);
  EXPECT_THAT(kinds(found), ElementsAre(Kind::pressed, Kind::stuck, Kind::released, Kind::pressed));
  EXPECT_EQ(detector.contact(), Contact::closed);
}

TEST_F(PressDetectorTest, ALineActiveFromTheStartDoesNotRingButIsStuckInTime) {
  PressDetector detector_of_wrong_polarity(timing);
  detector_of_wrong_polarity.begin(true, start, found);
  detector_of_wrong_polarity.advance(start + 60s, found);
  EXPECT_THAT(kinds(found), ElementsAre(Kind::stuck));
}

TEST_F(PressDetectorTest, APressBetweenTheRequestAndTheFirstLookAtTheLevelRings) {
  PressDetector late(timing);
  late.begin(true, start, found);
  late.edge({true, start - 1ms, 1}, found);
  EXPECT_THAT(times(found, Kind::pressed), ElementsAre(start - 1ms));
}

TEST_F(PressDetectorTest, AReopenedLineThatIsInactiveEndsStuck) {
  edge(true, 0ms);
  detector.advance(start + 60s, found);
  detector.begin(false, start + 100s, found);
  EXPECT_THAT(kinds(found), ElementsAre(Kind::pressed, Kind::stuck, Kind::released));
  edge(true, 100s + 1ms);
  EXPECT_EQ(times(found, Kind::pressed).size(), 2U);
}

TEST_F(PressDetectorTest, ALostReleaseIsMendedByTheLevel) {
  edge(true, 0ms);
  detector.seen_inactive(start + 5s, found);
  detector.advance(start + 5s + debounce, found);
  EXPECT_EQ(detector.contact(), Contact::open);
  edge(true, 6s);
  EXPECT_EQ(times(found, Kind::pressed).size(), 2U);
}

TEST_F(PressDetectorTest, TheReleaseReadAfterItsLevelChangesNothing) {
  edge(true, 0ms);
  detector.seen_inactive(start + 5s, found);
  edge(false, 5s - 1ms);
  edge(true, 5s + 10ms);
  EXPECT_EQ(times(found, Kind::pressed).size(), 1U);
}

TEST_F(PressDetectorTest, CountsLostEdgesByTheGapsInTheNumbers) {
  edge(true, 0ms, 1);
  edge(false, 100ms, 2);
  edge(true, 200ms, 20);
  ASSERT_THAT(kinds(found), ElementsAre(Kind::pressed, Kind::lost_edges, Kind::pressed));
  EXPECT_EQ(found[1].lost, 17U);
}

TEST_F(PressDetectorTest, CountsEdgesLostBeforeTheFirst) {
  edge(true, 0ms, 4);
  ASSERT_FALSE(found.empty());
  EXPECT_EQ(found[0].kind, Kind::lost_edges);
  EXPECT_EQ(found[0].lost, 3U);
}

TEST_F(PressDetectorTest, WithoutNumbersNothingIsSaidToBeLost) {
  for (int i = 0; i < 10; ++i) edge(i % 2 == 0, i * 1s);
  EXPECT_EQ(times(found, Kind::lost_edges).size(), 0U);
}

TEST_F(PressDetectorTest, NumbersBeginAnewWithTheLine) {
  edge(true, 0ms, 1);
  edge(false, 1s, 2);
  detector.begin(false, start + 2s, found);
  edge(true, 3s, 1);
  EXPECT_THAT(times(found, Kind::lost_edges), IsEmpty());
}

// Makes the edges of people at a door, and knows how often they pressed.
class Visitors {
 public:
  explicit Visitors(unsigned seed) : random_(seed) {}

  std::vector<Edge> edges;
  std::vector<MonotonicTime> presses;

  void press() {
    now_ += pick(debounce, 2s);
    presses.push_back(now_);
    burst(true);
    while (chance(3)) {  // a contact that breaks off for less than debounce while it is held
      now_ += pick(debounce, 1s);
      add(false);
      now_ += pick(1ns, debounce - 1ns);
      add(true);
    }
    now_ += pick(debounce, 3s);
    if (!chance(5)) burst(false);  // else the interrupt came too late to see the release
  }

 private:
  // Up to 14 edges, each nearer to the last than debounce; the last has the level that stays.
  void burst(bool level) {
    const int pairs = std::uniform_int_distribution<int>(0, 6)(random_);
    add(level);
    for (int i = 0; i < pairs; ++i) {
      now_ += pick(1ns, debounce - 1ns);
      add(!level);
      now_ += pick(1ns, debounce - 1ns);
      add(level);
    }
  }
  void add(bool active) { edges.push_back({active, now_, 0}); }
  bool chance(int one_in) { return std::uniform_int_distribution<int>(1, one_in)(random_) == 1; }
  std::chrono::nanoseconds pick(std::chrono::nanoseconds least, std::chrono::nanoseconds most) {
    return std::chrono::nanoseconds{
        std::uniform_int_distribution<std::int64_t>(least.count(), most.count())(random_)};
  }

  std::mt19937 random_;
  MonotonicTime now_ = start;
};

class PressDetectorRandom : public ::testing::TestWithParam<unsigned> {};

TEST_P(PressDetectorRandom, FindsThePressesOfRandomBounceHoweverLateTheEdgesAreRead) {
  Visitors visitors(GetParam());
  for (int i = 0; i < 200; ++i) visitors.press();
  std::mt19937 random(GetParam());
  PressDetector detector({debounce, 1h, 2h});
  Findings found;
  detector.begin(false, start - 1s, found);
  auto shown = start;
  for (const auto& edge : visitors.edges) {
    // The lane's time may be ahead of an edge that it has not read yet.
    const auto ahead = std::chrono::milliseconds{std::uniform_int_distribution<int>(-200, 200)(random)};
    shown = std::max(shown, edge.at + ahead);
    if (random() % 2 == 0) detector.advance(shown, found);
    detector.edge(edge, found);
  }
  EXPECT_EQ(times(found, Kind::pressed), visitors.presses);
  EXPECT_EQ(found.size(), visitors.presses.size());
}

INSTANTIATE_TEST_SUITE_P(Seeds, PressDetectorRandom, ::testing::Range(1U, 21U));

}  // namespace
}  // namespace porchlight::gpio
