// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <thread>

#include "porchlight/record/recorder.hpp"
#include "record/packets.hpp"

namespace porchlight::record {
namespace {

using test::at_ms;
using test::packet_of;

const auto video = test::stream_of("h264");
const auto sound = test::stream_of("aac", 0, media::MediaKind::audio);

media::PacketPtr picture(int number, bool keyframe, std::size_t bytes = 100) {
  return packet_of(video, {keyframe, number * 40, number * 40, bytes});
}

std::unique_ptr<RecordQueue> queue_of(RecordQueue::Limits limits) {
  auto queue = RecordQueue::create(limits);
  EXPECT_TRUE(queue);
  return std::move(*queue);
}

std::int64_t number_of(const RecordItem& item) {
  return std::get<media::PacketPtr>(item)->data->pts / 40;
}

TEST(RecordQueue, GivesEverythingInItsOrder) {
  auto queue = queue_of({});
  queue->push(picture(0, true));
  queue->push(PicturesLost{3, at_ms(50)});
  queue->push(picture(4, false));
  queue->push(CameraGone{event::GapCause::eof, at_ms(200)});
  EXPECT_EQ(queue->size(), 4U);
  EXPECT_EQ(queue->bytes(), 200U);
  EXPECT_EQ(number_of(*queue->pop()), 0);
  EXPECT_EQ(std::get<PicturesLost>(*queue->pop()).pictures, 3U);
  EXPECT_EQ(number_of(*queue->pop()), 4);
  EXPECT_EQ(std::get<CameraGone>(*queue->pop()).cause, event::GapCause::eof);
  EXPECT_FALSE(queue->pop());
  EXPECT_EQ(queue->bytes(), 0U);
}

TEST(RecordQueue, SaysInItsPlaceWhatItCouldNotTake) {
  auto queue = queue_of({1024, 450});
  for (int i = 0; i < 4; ++i) queue->push(picture(i, i == 0));  // 400 bytes
  queue->push(picture(4, false));                               // does not fit
  queue->pop();
  queue->pop();
  queue->push(picture(5, false));                       // would fit, and is of no use
  queue->push(packet_of(sound, {true, 220, 220, 10}));  // sound is no keyframe
  queue->push(picture(6, true));
  EXPECT_EQ(queue->dropped(), 3U);
  EXPECT_EQ(number_of(*queue->pop()), 2);
  EXPECT_EQ(number_of(*queue->pop()), 3);
  const auto left = std::get<LeftOut>(*queue->pop());
  EXPECT_EQ(left.packets, 3U);
  EXPECT_EQ(left.from, at_ms(160));
  EXPECT_EQ(left.to, at_ms(220));
  EXPECT_EQ(number_of(*queue->pop()), 6);
  EXPECT_FALSE(queue->pop());
}

TEST(RecordQueue, OwesWhatNobodyCouldBeToldYet) {
  auto queue = queue_of({1024, 250});
  EXPECT_FALSE(queue->owed());
  for (int i = 0; i < 5; ++i) queue->push(picture(i, i == 0));
  while (queue->pop()) continue;
  const auto owed = queue->owed();
  ASSERT_TRUE(owed);
  EXPECT_EQ(owed->packets, 3U);
  EXPECT_EQ(owed->from, at_ms(80));
  EXPECT_EQ(owed->to, at_ms(160));
  queue->push(picture(5, true));
  EXPECT_FALSE(queue->owed()) << "it stands among the items now";
  EXPECT_TRUE(std::holds_alternative<LeftOut>(*queue->pop()));
}

TEST(RecordQueue, TakesTheEndOfAConnectionWhenItIsFullOfPackets) {
  auto queue = queue_of({16, std::size_t{1} << 20});
  int number = 0;
  while (queue->dropped() == 0) queue->push(picture(number++, true));
  queue->push(CameraGone{event::GapCause::network, at_ms(5000)});
  std::vector<RecordItem> items;
  while (auto item = queue->pop()) items.push_back(std::move(*item));
  ASSERT_GE(items.size(), 2U);
  EXPECT_TRUE(std::holds_alternative<LeftOut>(items[items.size() - 2])) << "first what happened first";
  EXPECT_EQ(std::get<CameraGone>(items.back()).cause, event::GapCause::network);
}

TEST(RecordQueue, ForgetsNoNoteHoweverFullItIs) {
  auto queue = queue_of({16, std::size_t{1} << 20});
  for (int i = 0; i < 10'000; ++i) queue->push(PicturesLost{1, at_ms(i)});
  queue->push(CameraGone{event::GapCause::auth, at_ms(20'000)});
  while (queue->pop()) continue;
  queue->push(picture(600, true));
  bool gone = false;
  std::optional<std::int64_t> last;
  while (auto item = queue->pop()) {
    if (const auto* note = std::get_if<CameraGone>(&*item)) gone = note->cause == event::GapCause::auth;
    if (std::holds_alternative<media::PacketPtr>(*item)) last = number_of(*item);
  }
  EXPECT_TRUE(gone);
  EXPECT_EQ(last, 600);
}

TEST(RecordQueue, APacketLargerThanTheLimitPassesAlone) {
  auto queue = queue_of({16, 450});
  queue->push(picture(0, true, 10'000));
  EXPECT_EQ(queue->size(), 1U);
  EXPECT_EQ(queue->dropped(), 0U);
}

TEST(RecordQueue, AsksForAttentionWhenHalfFullOrWhenTheCameraGoes) {
  auto queue = queue_of({1024, 1000});
  queue->push(picture(0, true, 400));
  EXPECT_FALSE(queue->wants_attention());
  queue->push(picture(1, false, 200));
  EXPECT_TRUE(queue->wants_attention());
  while (queue->pop()) continue;
  EXPECT_FALSE(queue->wants_attention());
  queue->push(CameraGone{event::GapCause::eof, at_ms(0)});
  EXPECT_TRUE(queue->wants_attention());
}

TEST(RecordQueue, CarriesEverythingBetweenTwoThreads) {
  auto queue = queue_of({64, std::size_t{1} << 20});
  constexpr int all = 50'000;
  std::jthread producer([&] {
    for (int i = 0; i < all; ++i) queue->push(picture(i, i % 10 == 0));
    queue->push(CameraGone{event::GapCause::eof, at_ms(0)});
  });
  std::uint64_t taken = 0, left_out = 0;
  std::int64_t next = 0;
  for (bool over = false; !over;) {
    auto item = queue->pop();
    if (!item) {
      std::this_thread::yield();
    } else if (const auto* left = std::get_if<LeftOut>(&*item)) {
      left_out += left->packets;
      next += static_cast<std::int64_t>(left->packets);
    } else if (std::holds_alternative<CameraGone>(*item)) {
      over = true;
    } else {
      ++taken;
      ASSERT_EQ(number_of(*item), next) << "what is missing was said before";
      ++next;
    }
  }
  EXPECT_EQ(taken + left_out, static_cast<std::uint64_t>(all));
  EXPECT_EQ(left_out, queue->dropped());
}

}  // namespace
}  // namespace porchlight::record
