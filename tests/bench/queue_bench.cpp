// SPDX-License-Identifier: Apache-2.0
// Handing a 64-byte item from thread to thread: our rings against a mutex and a deque, in one run.
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

#include "bench/bench.hpp"
#include "porchlight/base/mailbox.hpp"
#include "porchlight/base/queue.hpp"

namespace porchlight::bench {
namespace {

using namespace std::chrono_literals;
using SteadyClock = std::chrono::steady_clock;

struct Item {
  std::uint64_t number = 0;
  SteadyClock::time_point sent{};
  std::uint64_t rest[6] = {};
};

using Spsc = SpscRing<Item, QueueName::output, Overflow::refuse>;
using Mpsc = MpscRing<Item, QueueName::output, Overflow::refuse>;

// What everybody writes first.
class LockedQueue {
 public:
  LockedQueue(std::size_t, Wakeup&) {}
  bool push(Item item) {
    {
      std::lock_guard lock(mutex_);
      items_.push_back(item);
    }
    filled_.notify_one();
    return true;
  }
  std::optional<Item> pop() {
    std::lock_guard lock(mutex_);
    return take();
  }
  std::optional<Item> wait_and_pop() {
    std::unique_lock lock(mutex_);
    filled_.wait(lock, [this] { return !items_.empty(); });
    return take();
  }

 private:
  std::optional<Item> take() {
    if (items_.empty()) return std::nullopt;
    const auto item = items_.front();
    items_.pop_front();
    return item;
  }
  std::mutex mutex_;
  std::condition_variable filled_;
  std::deque<Item> items_;
};

// Half a round trip between two threads that spin.
template <class Queue>
std::vector<double> spinning_hand_off(int rounds) {
  auto there_wakeup = std::move(Wakeup::create()).value();
  auto back_wakeup = std::move(Wakeup::create()).value();
  Queue there(64, there_wakeup);
  Queue back(64, back_wakeup);
  std::jthread echo([&] {
    for (int i = 0; i < rounds;)
      if (auto item = there.pop()) back.push(*item), ++i;
  });
  std::vector<double> samples;
  samples.reserve(static_cast<std::size_t>(rounds));
  auto last = SteadyClock::now();
  for (int i = 0; i < rounds; ++i) {
    there.push(Item{static_cast<std::uint64_t>(i), last, {}});
    while (!back.pop()) {
    }
    const auto now = SteadyClock::now();
    samples.push_back(Nanoseconds(now - last).count() / 2 / 1000);
    last = now;
  }
  return samples;
}

// From push to the consumer's first instruction, the consumer asleep in the kernel.
template <class Queue, class Wait>
std::vector<double> blocked_wake(int rounds, Queue& queue, Wait wait) {
  std::vector<double> samples;
  std::jthread consumer([&] {
    for (int i = 0; i < rounds; ++i) {
      const Item item = wait();
      samples.push_back(Nanoseconds(SteadyClock::now() - item.sent).count() / 1000);
    }
  });
  for (int i = 0; i < rounds; ++i) {
    std::this_thread::sleep_for(300us);  // long enough for the consumer to fall asleep
    queue.push(Item{static_cast<std::uint64_t>(i), SteadyClock::now(), {}});
  }
  consumer.join();
  return samples;
}

void run() {
  constexpr int spins = 400'000;
  constexpr int wakes = 3'000;
  const auto spsc = report("spsc hand-off, both spinning", "us", spinning_hand_off<Spsc>(spins));
  const auto mpsc = report("mpsc hand-off, both spinning", "us", spinning_hand_off<Mpsc>(spins));
  const auto locked = report("mutex and deque, both spinning", "us", spinning_hand_off<LockedQueue>(spins));

  auto wakeup = std::move(Wakeup::create()).value();
  Spsc ring(64, wakeup);
  report("spsc to a sleeper (eventfd)", "us", blocked_wake(wakes, ring, [&] {
           for (;;) {
             if (auto item = ring.pop()) return *item;
             wakeup.wait_for(1h, [&] { return !ring.empty(); });
           }
         }));
  LockedQueue queue(64, wakeup);
  report("mutex and condition variable to a sleeper", "us",
         blocked_wake(wakes, queue, [&] { return *queue.wait_and_pop(); }));

  judge("spsc hand-off p50", spsc, 0.3, "us");
  judge("mpsc hand-off p50", mpsc, 0.3, "us");
  std::printf("spsc / mutex: %.2f\n", spsc / locked);
}

}  // namespace
}  // namespace porchlight::bench

int main() {
  porchlight::bench::run();
}
