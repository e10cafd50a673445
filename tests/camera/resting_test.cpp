// SPDX-License-Identifier: Apache-2.0
// What the decode lane decodes when nobody wants every picture. The pictures say by themselves which they
// are.
#include <gmock/gmock.h>

#include <atomic>
#include <mutex>
#include <span>

#include "camera_rig.hpp"
#include "media/clip.hpp"

namespace porchlight::camera {
namespace {

using namespace std::chrono_literals;
using media::test::ClipShape;
using testing::ElementsAre;
using testing::ElementsAreArray;

std::vector<std::uint64_t> range(std::uint64_t from, std::uint64_t until) {
  std::vector<std::uint64_t> numbers;
  for (; from < until; ++from) numbers.push_back(from);
  return numbers;
}

std::vector<std::uint64_t> joined(std::initializer_list<std::vector<std::uint64_t>> parts) {
  std::vector<std::uint64_t> all;
  for (const auto& part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}

// The clip's packets, arriving at its frame rate.
std::vector<media::PacketPtr> packets_of(const ClipShape& shape) {
  const auto coded = media::test::encode_clip(shape);
  if (!coded) return {};
  std::vector<media::PacketPtr> packets;
  for (const auto& packet : *coded) {
    auto timed = std::make_shared<media::Packet>(*packet);
    timed->arrived = MonotonicTime{1000s} + static_cast<int>(packets.size()) * 1000ms / shape.fps;
    packets.push_back(std::move(timed));
  }
  return packets;
}

class Resting : public testing::Test {
 protected:
  void make(std::chrono::milliseconds stall = 10s, bool compares = true) {
    auto options = test::rtsp_camera("front", "rtsp://camera/sub");
    options.stall = stall;
    queue = PacketQueue::create("front", metrics).value();
    ingest = std::make_unique<Ingest>(options, ReconnectOptions{}, metrics, clock, Ingest::Outputs{});
    lane = std::make_unique<DecodeLane>(
        *queue, *ingest, std::vector<DecodeLane::FrameBox*>{&box}, metrics, 1,
        Onlooker{[this] { return wants_all.load(); },
                 [this](const media::FramePtr& frame) {
                   const std::lock_guard lock(mutex);
                   looked.push_back(media::test::number_in(*frame));
                   if (looked.back() == wake_at) wants_all = true;
                   if (also) also();
                 },
                 [this] { ++restarts; }, [this] { ++idles; }, [this] { ++finishes; }, compares});
    worker = std::make_unique<Worker>(
        "decode", worker_clock, [this](std::stop_token stop, Heartbeat& beat) { lane->run(stop, beat); });
  }

  // Returns when all of them were taken and the lane waits for more.
  void feed(std::span<const media::PacketPtr> packets) {
    for (const auto& packet : packets) ASSERT_TRUE(queue->push(packet));
    ASSERT_TRUE(test::eventually([this] { return queue->empty(); }));
    const int before = idles;
    ASSERT_TRUE(test::eventually([this, before] { return idles > before; }));
  }

  std::vector<std::uint64_t> seen() {
    worker.reset();
    return looked;
  }

  static std::size_t sizes(const std::vector<media::PacketPtr>& packets, std::size_t from,
                           std::size_t until) {
    std::size_t bytes = 0;
    for (; from < until; ++from) bytes += packets[from]->size;
    return bytes;
  }

  static constexpr std::uint64_t never = ~std::uint64_t{0};
  telemetry::Metrics metrics{test::sets_of({"front"})};
  SystemClock clock;
  SimulatedClock worker_clock;  // of its heartbeat
  DecodeLane::FrameBox box;
  std::unique_ptr<PacketQueue> queue;
  std::unique_ptr<Ingest> ingest;
  std::unique_ptr<DecodeLane> lane;
  std::mutex mutex;
  std::vector<std::uint64_t> looked;
  std::uint64_t wake_at = never;
  std::function<void()> also;  // at each look
  std::atomic<bool> wants_all{false};
  std::atomic<int> idles{0};
  std::atomic<int> restarts{0};
  std::atomic<int> finishes{0};
  std::unique_ptr<Worker> worker;  // last: ends first
};

#define PACKETS(name, ...)                     \
  const auto name = packets_of({__VA_ARGS__}); \
  if (name.empty()) GTEST_SKIP() << "libavcodec has no H.264 encoder here"

TEST_F(Resting, KeyframesOnlyOnceTheyAreKnownToComeOftenEnough) {
  PACKETS(packets, .frames = 60, .fps = 10, .keyframe_interval = 10);
  make();
  feed(packets);
  EXPECT_THAT(seen(), ElementsAreArray(joined({range(0, 11), {20, 30, 40, 50}})));
  EXPECT_EQ(box.replaced() + 1, 15U) << "who takes pictures gets the same";
  EXPECT_EQ(metrics.counter("camera_frames_dropped_total", {{"camera_id", "front"}}).value(), 0)
      << "what was passed over is not lost";
  EXPECT_EQ(restarts, 1);
  EXPECT_EQ(finishes, 1);
}

TEST_F(Resting, AKeyframeThatLooksDifferentBringsWhatLedToIt) {
  PACKETS(packets, .frames = 60, .fps = 10, .keyframe_interval = 10);
  make();
  wake_at = 30;
  feed(packets);
  EXPECT_THAT(seen(), ElementsAreArray(joined({range(0, 11), {20, 30}, range(20, 60)})));
  // The mailbox never goes back in time: 0–10, 20, 30, 31–59.
  EXPECT_EQ(box.replaced() + 1, 11U + 2 + 29);
}

TEST_F(Resting, CatchingUpShowsThatItGoesOn) {
  PACKETS(packets, .frames = 60, .fps = 10, .keyframe_interval = 20);
  std::chrono::nanoseconds oldest{0};
  also = [this, &oldest] {
    oldest = std::max(oldest, worker->heartbeat().age());
    worker_clock.advance(1s);  // a picture takes as long as that
  };
  make();
  wake_at = 40;
  feed(packets);
  EXPECT_THAT(seen(), ElementsAreArray(joined({range(0, 21), {40}, range(20, 60)})));
  EXPECT_LE(oldest, 2s) << "21 packets were decoded in one go";
}

TEST_F(Resting, AStopEndsTheCatchingUp) {
  PACKETS(packets, .frames = 60, .fps = 10, .keyframe_interval = 20);
  also = [this] {
    if (looked.size() > 1 && looked.back() < looked[looked.size() - 2]) worker->request_stop();
  };
  make();
  wake_at = 40;
  for (const auto& packet : packets) ASSERT_TRUE(queue->push(packet));
  ASSERT_TRUE(test::eventually([this] { return finishes > 0; }));
  worker.reset();
  // The picture in whose decoding the stop came, and the packet that was in hand.
  EXPECT_THAT(looked, ElementsAreArray(joined({range(0, 21), {40}, {20}})));
}

TEST_F(Resting, WhatIsKeptIsCountedAsMemory) {
  PACKETS(packets, .frames = 45, .fps = 10, .keyframe_interval = 10);
  make();
  EXPECT_EQ(lane->kept_bytes(), 0U);
  feed(packets);
  std::size_t newest_two = 0;
  for (const auto& packet : std::span(packets).subspan(30)) newest_two += packet->size;
  EXPECT_EQ(lane->kept_bytes(), newest_two);
  wants_all = true;
  feed(packets_of({.frames = 1, .fps = 10}));
  EXPECT_EQ(lane->kept_bytes(), 0U) << "another stream";
}

TEST_F(Resting, WhoeverWantsAllBetweenKeyframesMissesNothingSinceTheLast) {
  PACKETS(packets, .frames = 60, .fps = 10, .keyframe_interval = 20);
  make();
  feed(std::span(packets).first(45));
  wants_all = true;
  feed(std::span(packets).subspan(45));
  EXPECT_THAT(seen(), ElementsAreArray(joined({range(0, 21), range(40, 41), range(40, 60)})));
}

TEST_F(Resting, RestsAgainFromTheNextKeyframeOn) {
  PACKETS(packets, .frames = 70, .fps = 10, .keyframe_interval = 10);
  make();
  feed(std::span(packets).first(25));
  wants_all = true;
  feed(std::span(packets).subspan(25, 10));
  wants_all = false;
  feed(std::span(packets).subspan(35));
  EXPECT_THAT(seen(), ElementsAreArray(joined({range(0, 11), {20}, range(20, 41), {50, 60}})));
}

TEST_F(Resting, AKeyframeComesOutAtOnceThoughPicturesAreReordered) {
  PACKETS(packets, .frames = 60, .fps = 10, .keyframe_interval = 10, .b_frames = 2);
  make();
  feed(std::span(packets).first(51));  // the keyframe 50 is the newest
  worker.reset();
  ASSERT_GE(looked.size(), 4U);
  EXPECT_THAT(std::vector(looked.end() - 4, looked.end()), ElementsAre(20, 30, 40, 50));
}

TEST_F(Resting, KeyframesFarApartAreNoRest) {
  PACKETS(packets, .frames = 24, .fps = 2, .keyframe_interval = 12);
  make();
  feed(packets);
  EXPECT_THAT(seen(), ElementsAreArray(range(0, 24)));
}

TEST_F(Resting, AKeyframeThatDoesNotComeEndsIt) {
  PACKETS(packets, .frames = 70, .fps = 10, .keyframe_interval = 70);
  make();
  std::vector<media::PacketPtr> all;
  const auto add = [&all](const media::PacketPtr& packet) {
    auto timed = std::make_shared<media::Packet>(*packet);
    timed->arrived = MonotonicTime{1000s} + static_cast<int>(all.size()) * 100ms;
    all.push_back(std::move(timed));
  };
  // Twice a keyframe, 1 s apart, then none any more.
  for (std::size_t i = 0; i < 10; ++i) add(packets[i]);
  for (std::size_t i = 0; i < 70; ++i) add(packets[i]);
  feed(all);
  // At the second keyframe it rests; 4 s later it looks after all, at everything.
  EXPECT_THAT(seen(), ElementsAreArray(joined({range(0, 10), {0}, range(0, 70)})));
}

TEST_F(Resting, ACameraThatIsSoonLostIsNotRested) {
  PACKETS(packets, .frames = 30, .fps = 10, .keyframe_interval = 10);
  make(2s);
  feed(packets);
  EXPECT_THAT(seen(), ElementsAreArray(range(0, 30)));
}

TEST_F(Resting, AStreamOfKeyframesRestsToo) {
  PACKETS(packets, .frames = 40, .fps = 10, .keyframe_interval = 1);
  make();
  feed(packets);
  EXPECT_THAT(seen(), ElementsAre(0, 1, 10, 19, 28, 37));
}

TEST(KeptPackets, HoldTwoGroupsAndNoneThatIsTooLarge) {
  const auto packet = [](std::size_t size) {
    auto made = std::make_shared<media::Packet>();
    made->size = size;
    return media::PacketPtr(std::move(made));
  };
  KeptPackets kept;
  EXPECT_TRUE(kept.newest_two().empty());
  for (int group = 0; group < 3; ++group) {
    kept.begin(packet(10));
    for (int i = 0; i < group; ++i) kept.add(packet(1));
  }
  EXPECT_EQ(kept.newest().size(), 3U);
  EXPECT_EQ(kept.newest_two().size(), 5U);
  kept.add(packet(KeptPackets::most_bytes));
  kept.add(packet(1));
  EXPECT_TRUE(kept.newest().empty()) << "half a group is of no use";
  EXPECT_EQ(kept.newest_two().size(), 2U);
  EXPECT_EQ(kept.bytes(), 11U);
  kept.begin(packet(1));
  EXPECT_EQ(kept.newest_two().size(), 1U);
  kept.clear();
  EXPECT_TRUE(kept.newest_two().empty());
  EXPECT_EQ(kept.bytes(), 0U);
  kept.begin(packet(0));
  for (std::size_t i = 1; i < KeptPackets::most_packets; ++i) kept.add(packet(0));
  EXPECT_EQ(kept.newest().size(), KeptPackets::most_packets);
  kept.add(packet(0));
  EXPECT_TRUE(kept.newest().empty()) << "many that are small";
}

// A camera that only records.
TEST_F(Resting, WhereNobodyComparesThemAKeyframeInFourSecondsIsEnough) {
  PACKETS(packets, .frames = 100, .fps = 10, .keyframe_interval = 10);
  make(10s, false);
  feed(packets);
  EXPECT_EQ(lane->kept_bytes(), sizes(packets, 90, 100)) << "one group of pictures";
  // The picture in the box is all that is left of what the decoder worked in.
  EXPECT_LE(lane->picture_bytes(), 2 * 640 * 360 * 3 / 2);
  EXPECT_THAT(seen(), ElementsAreArray(joined({range(0, 11), {50, 90}})));
  EXPECT_EQ(restarts, 1) << "a decoder that is opened again is no new stream";
  EXPECT_EQ(metrics.counter("camera_frames_dropped_total", {{"camera_id", "front"}}).value(), 0);
}

TEST_F(Resting, KeyframesThatComeSeldomAreDecodedOneByOne) {
  PACKETS(packets, .frames = 130, .fps = 10, .keyframe_interval = 30);
  make(10s, false);
  feed(packets);
  EXPECT_THAT(seen(), ElementsAreArray(joined({range(0, 31), {60, 90, 120}})));
}

TEST_F(Resting, WhereNobodyComparedThemWhoeverWantsPicturesHasThemAtOnce) {
  PACKETS(packets, .frames = 100, .fps = 10, .keyframe_interval = 10);
  make(10s, false);
  feed(std::span(packets).first(85));
  wants_all = true;
  feed(std::span(packets).subspan(85));
  EXPECT_THAT(seen(), ElementsAreArray(joined({range(0, 11), {50}, range(80, 100)})));
  EXPECT_EQ(metrics.counter("camera_frames_dropped_total", {{"camera_id", "front"}}).value(), 0);
}

TEST_F(Resting, WhereNobodyComparesThemKeyframesThatStayAwayEndTheRest) {
  PACKETS(packets, .frames = 80, .fps = 10, .keyframe_interval = 30);
  make(10s, false);
  // The third group is part of the second, as an encoder that saves keyframes sends it.
  std::vector<media::PacketPtr> packets_later;
  for (std::size_t i = 60; i < packets.size(); ++i) {
    auto later = std::make_shared<media::Packet>(*packets[i]);
    later->keyframe = false;
    packets_later.push_back(std::move(later));
  }
  feed(std::span(packets).first(60));
  feed(packets_later);
  EXPECT_THAT(seen(), ElementsAreArray(joined({range(0, 31), range(30, 80)})));
}

}  // namespace
}  // namespace porchlight::camera
