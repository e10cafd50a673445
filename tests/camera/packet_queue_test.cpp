// SPDX-License-Identifier: Apache-2.0
#include "porchlight/camera/packet_queue.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>

#include <thread>

#include "camera_rig.hpp"

namespace porchlight::camera {
namespace {

media::PacketPtr packet(bool keyframe, std::size_t size, int arrived = 0) {
  auto made = std::make_shared<media::Packet>();
  made->keyframe = keyframe;
  made->size = size;
  made->arrived = MonotonicTime{std::chrono::nanoseconds(arrived)};
  return made;
}

struct Queue {
  explicit Queue(PacketQueueLimits limits)
      : metrics(test::sets_of({"front"})), packets(PacketQueue::create("front", metrics, limits).value()) {}
  // `K` a keyframe, `p` another one; true where the packet was taken.
  std::vector<bool> push(std::string_view gop, std::size_t size) {
    std::vector<bool> taken;
    for (const char kind : gop) taken.push_back(packets->push(packet(kind == 'K', size)));
    return taken;
  }
  telemetry::Metrics metrics;
  std::unique_ptr<PacketQueue> packets;
};

TEST(PacketQueue, DropsToTheNextKeyframeWhenFullByNumber) {
  Queue queue({.packets = 4, .bytes = 1'000'000});
  EXPECT_THAT(queue.push("KpppppK", 10), testing::ElementsAre(true, true, true, true, false, false, false));
  queue.packets->pop();
  queue.packets->pop();
  EXPECT_THAT(queue.push("ppKp", 10), testing::ElementsAre(false, false, true, true))
      << "resumed inside a GOP";
  EXPECT_EQ(queue.packets->dropped(), 5U);
  EXPECT_EQ(queue.metrics.counter("camera_frames_dropped_total", {{"camera_id", "front"}}).value(), 5);
}

TEST(PacketQueue, DropsToTheNextKeyframeWhenFullByBytes) {
  Queue queue({.packets = 64, .bytes = 1000});
  EXPECT_THAT(queue.push("KppppK", 300), testing::ElementsAre(true, true, true, false, false, false));
  EXPECT_EQ(queue.packets->bytes(), 900U);
  queue.packets->pop();
  EXPECT_EQ(queue.packets->bytes(), 600U);
  EXPECT_THAT(queue.push("pKp", 300), testing::ElementsAre(false, true, false));
}

TEST(PacketQueue, PassesAPacketLargerThanTheLimitWhenItIsAlone) {
  Queue queue({.packets = 64, .bytes = 1000});
  EXPECT_THAT(queue.push("Kp", 5000), testing::ElementsAre(true, false));
  queue.packets->pop();
  EXPECT_THAT(queue.push("K", 5000), testing::ElementsAre(true));
}

TEST(PacketQueue, APatientConsumerIsWokenByKeyframesAndByAQueueThatFills) {
  Queue queue({.packets = 8, .bytes = 1'000'000});
  auto& wakeup = queue.packets->wakeup();
  const auto wakes = [&](std::string_view gop) {
    wakeup.arm();
    queue.push(gop, 10);
    pollfd woken{wakeup.fd(), POLLIN, 0};
    const bool was = ::poll(&woken, 1, 0) > 0;
    wakeup.disarm();
    return was;
  };
  EXPECT_TRUE(wakes("K"));
  EXPECT_TRUE(wakes("p"));
  queue.packets->set_patient(true);
  EXPECT_FALSE(wakes("p"));
  EXPECT_FALSE(wakes("p"));
  EXPECT_TRUE(wakes("p")) << "more than half full";
  while (queue.packets->pop()) {
  }
  EXPECT_TRUE(wakes("K"));
  EXPECT_FALSE(wakes("p"));
  queue.packets->set_patient(false);
  EXPECT_TRUE(wakes("p"));
}

TEST(PacketQueue, KeepsOrderBetweenTwoThreads) {
  Queue queue({.packets = 64, .bytes = 2000});
  constexpr int count = 100'000;
  std::jthread producer([&queue] {
    for (int i = 0; i < count; ++i)
      queue.packets->push(packet(i % 7 == 0, 1 + static_cast<std::size_t>(i) % 50, i));
  });
  int last = -1;
  std::uint64_t taken = 0;
  const auto take = [&](const media::PacketPtr& one) {
    const int number = static_cast<int>(one->arrived.time_since_epoch().count());
    ASSERT_GT(number, last);
    ASSERT_TRUE(number == last + 1 || one->keyframe) << "resumed inside a GOP";
    last = number;
    ++taken;
  };
  while (taken + queue.packets->dropped() < count || !queue.packets->empty()) {
    queue.packets->wakeup().wait_for(std::chrono::milliseconds(5), [&] { return !queue.packets->empty(); });
    while (auto one = queue.packets->pop()) take(*one);
    if (HasFatalFailure()) return;
  }
  producer.join();
  EXPECT_EQ(taken + queue.packets->dropped(), static_cast<std::uint64_t>(count));
  EXPECT_EQ(queue.packets->bytes(), 0U);
}

}  // namespace
}  // namespace porchlight::camera
