// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "record/packets.hpp"
#include "record/pre_roll.hpp"

namespace porchlight::record {
namespace {

using namespace std::chrono_literals;
using event::GapCause;
using test::at_ms;
using test::packet_of;

const auto video = test::stream_of("h264");

// A picture every 100 ms, a keyframe each second.
void feed(PreRoll& ring, int from, int to, std::size_t bytes = 100) {
  for (int i = from; i < to; ++i) ring.add(packet_of(video, {i % 10 == 0, i * 100, i * 100, bytes}));
}

MonotonicTime first_of(const std::vector<RecordItem>& items) {
  const auto& packet = std::get<media::PacketPtr>(items.at(0));
  EXPECT_TRUE(packet->keyframe);
  return packet->arrived;
}

TEST(PreRoll, BeginsWithTheKeyframeAtOrBefore) {
  PreRoll ring({10s});
  feed(ring, 0, 100);
  auto items = ring.take_from(at_ms(4'550));
  EXPECT_EQ(first_of(items), at_ms(4'000));
  EXPECT_EQ(items.size(), 60U);
  EXPECT_EQ(ring.bytes(), 0U);
  feed(ring, 100, 120);
  EXPECT_EQ(first_of(ring.take_from(at_ms(11'000))), at_ms(11'000)) << "at counts as before";
}

TEST(PreRoll, KeepsWholeGroupsOfAtLeastItsTime) {
  PreRoll ring({3s});
  feed(ring, 0, 100);
  EXPECT_EQ(ring.size(), 40U);  // 6.0 … 9.9: from the keyframe at or before 6.9 on
  EXPECT_EQ(first_of(ring.take_from(at_ms(0))), at_ms(6'000));
  EXPECT_EQ(ring.missing_before(), GapCause::overload) << "it was there once";
}

TEST(PreRoll, KeepsNoMoreBytesThanItMay) {
  PreRoll ring({60s, 2'500});
  feed(ring, 0, 100);
  EXPECT_LE(ring.bytes(), 2'500U);
  EXPECT_EQ(first_of(ring.take_from(at_ms(0))), at_ms(8'000));
  EXPECT_EQ(ring.missing_before(), GapCause::overload);
}

TEST(PreRoll, LetsAGroupGoThatIsTooLargeAndWaitsForTheNext) {
  PreRoll ring({60s, 500});
  feed(ring, 0, 8);
  EXPECT_EQ(ring.size(), 0U);
  feed(ring, 8, 10);
  EXPECT_EQ(ring.size(), 0U) << "its keyframe is gone";
  feed(ring, 10, 13);
  EXPECT_EQ(first_of(ring.take_from(at_ms(0))), at_ms(1'000));
}

TEST(PreRoll, KnowsWhyThereIsNothingBefore) {
  PreRoll ring({10s});
  EXPECT_EQ(ring.missing_before(), GapCause::configuration);
  feed(ring, 5, 10);
  EXPECT_EQ(ring.size(), 0U) << "no keyframe yet";
  ring.begin_after(GapCause::eof);
  feed(ring, 10, 20);
  EXPECT_EQ(ring.missing_before(), GapCause::eof);
}

TEST(PreRoll, TellsWhatWasMissingInBetween) {
  PreRoll ring({20s});
  feed(ring, 0, 25);
  ring.add(CameraGone{GapCause::network, at_ms(2'500)});
  feed(ring, 61, 70);  // before the keyframe at 7.0
  feed(ring, 70, 80);
  auto items = ring.take_from(at_ms(1'500));
  EXPECT_EQ(first_of(items), at_ms(1'000));
  EXPECT_EQ(std::get<CameraGone>(items.at(15)).cause, GapCause::network);
  EXPECT_EQ(std::get<media::PacketPtr>(items.at(16))->arrived, at_ms(7'000));
}

TEST(PreRoll, BeginsWithTheGapWhereNothingWasThen) {
  PreRoll ring({20s});
  feed(ring, 0, 25);
  ring.add(CameraGone{GapCause::network, at_ms(2'500)});
  feed(ring, 70, 80);
  auto items = ring.take_from(at_ms(4'000));
  EXPECT_TRUE(std::holds_alternative<CameraGone>(items.at(0)));
}

}  // namespace
}  // namespace porchlight::record
