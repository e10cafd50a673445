// SPDX-License-Identifier: Apache-2.0
#include "porchlight/base/wakeup.hpp"

#include <gtest/gtest.h>
#include <poll.h>

#include <atomic>
#include <thread>
#include <utility>

#include "porchlight/base/queue.hpp"

namespace porchlight {
namespace {

using namespace std::chrono_literals;

Wakeup make_wakeup() {
  return std::move(Wakeup::create()).value();
}

// Longer than any test may take: who needs it has lost a wake, and the test's limit says so.
constexpr auto for_ever = 1h;

bool readable(const Wakeup& wakeup) {
  pollfd waited{wakeup.fd(), POLLIN, 0};
  return ::poll(&waited, 1, 0) == 1;
}

TEST(Wakeup, DoesNotSleepWhenReady) {
  auto wakeup = make_wakeup();
  EXPECT_TRUE(wakeup.wait_for(for_ever, [] { return true; }));
}

TEST(Wakeup, SaysWhenTheTimeIsOver) {
  auto wakeup = make_wakeup();
  EXPECT_FALSE(wakeup.wait_for(1ms, [] { return false; }));
}

TEST(Wakeup, CostsNoSystemCallWhileTheConsumerIsAwake) {
  auto wakeup = make_wakeup();
  wakeup.notify();
  EXPECT_FALSE(readable(wakeup));
  wakeup.arm();
  wakeup.notify();
  wakeup.notify();
  EXPECT_TRUE(readable(wakeup));
  wakeup.disarm();
  EXPECT_FALSE(readable(wakeup));
}

// The item comes just after the look that found nothing: only a second look, after sleep has been
// announced, can see it. Without it this test ends by its time limit.
TEST(Wakeup, LooksAgainAfterAnnouncingSleep) {
  auto wakeup = make_wakeup();
  SpscRing<int, QueueName::output, Overflow::refuse> ring(2, wakeup);
  bool looked = false;
  EXPECT_TRUE(wakeup.wait_for(for_ever, [&] {
    const bool found = !ring.empty();
    if (!std::exchange(looked, true)) ring.push(1);
    return found;
  }));
}

// Two threads that start each round together.
class Meeting {
 public:
  void meet() {
    const auto round = arrived_.fetch_add(1) / 2;
    for (int spins = 0; arrived_.load() / 2 == round; ++spins)
      if (spins > 10'000) std::this_thread::yield();  // the other may need this very core
  }
  void linger(int steps) const {
    for (int i = 0; i < steps; ++i) (void)arrived_.load();
  }

 private:
  std::atomic<std::uint64_t> arrived_{0};
};

// The heart of it: one side announces sleep and looks, the other publishes and asks, at the same instant.
// At least one must see the other, or a wake is lost. A processor that lets a load overtake an
// earlier store shows here within a few thousand rounds.
TEST(Wakeup, TheSleeperSeesTheItemOrTheProducerSeesTheSleeper) {
  constexpr int rounds = 100'000;
  auto wakeup = make_wakeup();
  SpscRing<int, QueueName::output, Overflow::refuse> ring(2, wakeup);
  Meeting start;
  Meeting end;
  std::jthread producer([&] {
    for (int i = 0; i < rounds; ++i) {
      start.meet();
      ring.push(i);
      end.meet();
    }
  });
  int lost = 0;
  for (int i = 0; i < rounds; ++i) {
    start.meet();
    start.linger(i % 200);  // every offset of the two gets its turn
    wakeup.arm();
    const bool seen = !ring.empty();
    end.meet();
    if (!seen && !readable(wakeup)) ++lost;
    wakeup.disarm();
    EXPECT_EQ(ring.pop(), i);
  }
  EXPECT_EQ(lost, 0);
}

// Ping-pong: each side sleeps for ever unless the other's wake arrives, 20,000 times each way. One lost
// wake stops it.
TEST(Wakeup, NeverLosesAWake) {
  constexpr int rounds = 20'000;
  auto ping_wakeup = make_wakeup();
  auto pong_wakeup = make_wakeup();
  SpscRing<int, QueueName::output, Overflow::refuse> ping(2, ping_wakeup);
  SpscRing<int, QueueName::output, Overflow::refuse> pong(2, pong_wakeup);
  std::jthread other([&] {
    for (int i = 0; i < rounds; ++i) {
      while (ping.empty()) ping_wakeup.wait_for(for_ever, [&] { return !ping.empty(); });
      ASSERT_EQ(ping.pop(), i);
      ASSERT_TRUE(pong.push(i));
    }
  });
  for (int i = 0; i < rounds; ++i) {
    ASSERT_TRUE(ping.push(i));
    while (pong.empty()) pong_wakeup.wait_for(for_ever, [&] { return !pong.empty(); });
    ASSERT_EQ(pong.pop(), i);
  }
}

// Several producers against one sleeper: whatever is in the ring when the sleeper goes to sleep must
// wake it, also when another producer's wake came first.
TEST(Wakeup, NeverLosesAWakeAmongManyProducers) {
  constexpr int each = 10'000;
  constexpr int producers = 3;
  auto wakeup = make_wakeup();
  MpscRing<int, QueueName::event_processing, Overflow::refuse> ring(1024, wakeup);
  std::atomic<int> outstanding{0};
  std::vector<std::jthread> threads;
  for (int p = 0; p < producers; ++p)
    threads.emplace_back([&] {
      for (int i = 0; i < each; ++i) {
        while (outstanding.fetch_add(1) >= 2) {  // nearly empty, so that the consumer really sleeps
          outstanding.fetch_sub(1);
          std::this_thread::yield();
        }
        ASSERT_TRUE(ring.push(i));
      }
    });
  for (int taken = 0; taken < each * producers;) {
    while (ring.pop()) {
      ++taken;
      outstanding.fetch_sub(1);
    }
    if (taken < each * producers) wakeup.wait_for(for_ever, [&] { return !ring.empty(); });
  }
  EXPECT_EQ(ring.dropped(), 0U);
}

// The shape of a lane that polls other descriptors too.
TEST(Wakeup, NeverLosesAWakeBetweenArmAndDisarm) {
  constexpr int count = 30'000;
  auto wakeup = make_wakeup();
  SpscRing<int, QueueName::button, Overflow::must_not_fill> ring(count, wakeup);
  std::jthread producer([&] {
    for (int i = 0; i < count; ++i) {
      ASSERT_TRUE(ring.push(i));
      if (i % 16 == 0) std::this_thread::yield();
    }
  });
  for (int taken = 0; taken < count;) {
    wakeup.arm();
    if (ring.empty()) {
      pollfd waited{wakeup.fd(), POLLIN, 0};
      ASSERT_EQ(::poll(&waited, 1, -1), 1);
    }
    wakeup.disarm();
    while (auto item = ring.pop()) ASSERT_EQ(*item, taken++);
  }
}

}  // namespace
}  // namespace porchlight
