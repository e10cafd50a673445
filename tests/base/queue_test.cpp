// SPDX-License-Identifier: Apache-2.0
#include "porchlight/base/queue.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace porchlight {
namespace {

using namespace std::chrono_literals;

Wakeup make_wakeup() {
  return std::move(Wakeup::create()).value();
}

template <class T>
using Spsc = SpscRing<T, QueueName::frame_capture, Overflow::drop_newest>;
template <class T>
using Mpsc = MpscRing<T, QueueName::event_processing, Overflow::refuse>;

// What must hold for both rings, from one thread.
template <template <class> class Ring>
struct Kind {
  template <class T>
  using Of = Ring<T>;
};
template <class K>
class AnyRing : public testing::Test {
 protected:
  Wakeup wakeup = make_wakeup();
};
using Kinds = testing::Types<Kind<Spsc>, Kind<Mpsc>>;
TYPED_TEST_SUITE(AnyRing, Kinds);

TYPED_TEST(AnyRing, GivesBackInOrderAndThenNothing) {
  typename TypeParam::template Of<int> ring(4, this->wakeup);
  for (int round = 0; round < 10; ++round) {  // past the end of the slots several times
    for (int i = 0; i < 3; ++i) ASSERT_TRUE(ring.push(round * 3 + i));
    for (int i = 0; i < 3; ++i) ASSERT_EQ(ring.pop(), round * 3 + i);
    ASSERT_EQ(ring.pop(), std::nullopt);
    ASSERT_TRUE(ring.empty());
  }
}

TYPED_TEST(AnyRing, HoldsExactlyItsCapacityAndCountsWhatItRefuses) {
  typename TypeParam::template Of<int> ring(5, this->wakeup);
  ASSERT_EQ(ring.capacity(), 8U);
  for (int i = 0; i < 8; ++i) ASSERT_TRUE(ring.push(i));
  EXPECT_EQ(ring.size(), 8U);
  EXPECT_EQ(ring.dropped(), 0U);
  EXPECT_FALSE(ring.push(8));
  EXPECT_FALSE(ring.push(9));
  EXPECT_EQ(ring.dropped(), 2U);
  EXPECT_EQ(ring.pop(), 0);
  EXPECT_TRUE(ring.push(10));
  for (const int expected : {1, 2, 3, 4, 5, 6, 7, 10}) EXPECT_EQ(ring.pop(), expected);
  EXPECT_EQ(ring.pop(), std::nullopt);
  EXPECT_EQ(ring.dropped(), 2U);
}

TYPED_TEST(AnyRing, KeepsNothingAliveThatWasTakenOrRefused) {
  typename TypeParam::template Of<std::shared_ptr<int>> ring(2, this->wakeup);
  auto item = std::make_shared<int>(7);
  ASSERT_TRUE(ring.push(item));
  ASSERT_TRUE(ring.push(item));
  ASSERT_FALSE(ring.push(item));
  EXPECT_EQ(item.use_count(), 3);
  (void)ring.pop();
  (void)ring.pop();
  EXPECT_EQ(item.use_count(), 1);
}

TYPED_TEST(AnyRing, TakesWhatCanOnlyBeMoved) {
  typename TypeParam::template Of<std::unique_ptr<std::string>> ring(2, this->wakeup);
  ASSERT_TRUE(ring.push(std::make_unique<std::string>("door")));
  EXPECT_EQ(**ring.pop(), "door");
}

TYPED_TEST(AnyRing, LetsGoOfWhatIsLeftWhenItEnds) {
  auto item = std::make_shared<int>(7);
  {
    typename TypeParam::template Of<std::shared_ptr<int>> ring(4, this->wakeup);
    ASSERT_TRUE(ring.push(item));
  }
  EXPECT_EQ(item.use_count(), 1);
}

// 64 bytes that must arrive together: a torn or early read shows.
struct Item {
  std::uint32_t producer = 0;
  std::uint64_t number = 0;
  std::uint64_t echo[6] = {};
  void fill() {
    for (auto& e : echo) e = number * 31 + producer;
  }
  bool whole() const {
    for (const auto e : echo)
      if (e != number * 31 + producer) return false;
    return true;
  }
};

// Takes until every producer has finished and nothing is left; checks order per producer.
template <class Ring>
std::vector<std::uint64_t> drain(Ring& ring, Wakeup& wakeup, std::size_t producers,
                                 std::atomic<std::size_t>& finished) {
  std::vector<std::uint64_t> taken(producers, 0);
  std::vector<std::uint64_t> next(producers, 0);
  for (;;) {
    const bool last_round = finished.load(std::memory_order_acquire) == producers;
    while (auto item = ring.pop()) {
      EXPECT_TRUE(item->whole());
      EXPECT_GE(item->number, next[item->producer]) << "repeated or out of order";
      next[item->producer] = item->number + 1;
      ++taken[item->producer];
    }
    EXPECT_LE(ring.size(), ring.capacity());
    if (last_round) return taken;
    wakeup.wait_for(1s, [&] { return !ring.empty() || finished.load() == producers; });
  }
}

template <class Ring>
void produce(Ring& ring, Wakeup& wakeup, std::uint32_t me, std::uint64_t count,
             std::atomic<std::uint64_t>& accepted, std::atomic<std::size_t>& finished) {
  for (std::uint64_t i = 0; i < count; ++i) {
    Item item{me, i, {}};
    item.fill();
    if (ring.push(item)) {
      accepted.fetch_add(1, std::memory_order_relaxed);
    } else {
      std::this_thread::yield();
    }
  }
  finished.fetch_add(1, std::memory_order_release);
  wakeup.notify();
}

TEST(SpscRing, LosesNothingItAcceptedUnderLoad) {
  constexpr std::uint64_t count = 200'000;
  auto wakeup = make_wakeup();
  Spsc<Item> ring(64, wakeup);
  std::atomic<std::uint64_t> accepted{0};
  std::atomic<std::size_t> finished{0};
  std::jthread producer([&] { produce(ring, wakeup, 0, count, accepted, finished); });
  const auto taken = drain(ring, wakeup, 1, finished);
  EXPECT_EQ(taken[0], accepted.load());
  EXPECT_EQ(accepted.load() + ring.dropped(), count);
}

TEST(MpscRing, AnOfferThatIsRefusedStaysTheCallers) {
  auto wakeup = Wakeup::create();
  ASSERT_TRUE(wakeup.ok());
  Mpsc<std::unique_ptr<int>> ring(2, *wakeup);
  auto one = std::make_unique<int>(1);
  EXPECT_TRUE(ring.offer(one));
  EXPECT_EQ(one, nullptr);
  EXPECT_TRUE(ring.push(std::make_unique<int>(2)));
  auto three = std::make_unique<int>(3);
  EXPECT_FALSE(ring.offer(three));
  ASSERT_NE(three, nullptr);
  EXPECT_EQ(ring.dropped(), 0u);
  EXPECT_EQ(**ring.pop(), 1);
  EXPECT_TRUE(ring.offer(three));
}

TEST(MpscRing, LosesNothingItAcceptedFromManyProducers) {
  constexpr std::uint64_t count = 60'000;
  constexpr std::uint32_t producers = 4;
  auto wakeup = make_wakeup();
  Mpsc<Item> ring(64, wakeup);
  std::atomic<std::uint64_t> accepted{0};
  std::atomic<std::size_t> finished{0};
  std::vector<std::jthread> threads;
  for (std::uint32_t me = 0; me < producers; ++me)
    threads.emplace_back([&, me] { produce(ring, wakeup, me, count, accepted, finished); });
  const auto taken = drain(ring, wakeup, producers, finished);
  std::uint64_t sum = 0;
  for (const auto n : taken) {
    EXPECT_GT(n, 0U) << "a producer was starved";
    sum += n;
  }
  EXPECT_EQ(sum, accepted.load());
  EXPECT_EQ(accepted.load() + ring.dropped(), count * producers);
}

TEST(QueueName, EachHasItsOwnLabel) {
  std::set<std::string> labels;
  for (auto name = QueueName::frame_capture; name <= QueueName::log;
       name = static_cast<QueueName>(static_cast<int>(name) + 1))
    labels.emplace(to_string(name));
  EXPECT_EQ(labels, (std::set<std::string>{"frame_capture", "motion_detection", "face_detection",
                                           "recognition", "event_processing", "recording", "notification",
                                           "button", "output", "viewer", "log"}));
}

struct ThrowsOnMove {
  ThrowsOnMove() = default;
  ThrowsOnMove(ThrowsOnMove&&) noexcept(false) {}
  ThrowsOnMove& operator=(ThrowsOnMove&&) noexcept(false) { return *this; }
};
static_assert(!Crossing<ThrowsOnMove>, "a throwing move would leave a claimed slot unpublished");

}  // namespace
}  // namespace porchlight
