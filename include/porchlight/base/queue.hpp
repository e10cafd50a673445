// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <type_traits>
#include <utility>

#include "porchlight/base/wakeup.hpp"

namespace porchlight {

// Label values of `queue_name`; a queue without a name does not compile.
enum class QueueName : std::uint8_t {
  frame_capture,
  motion_detection,
  face_detection,
  recognition,
  event_processing,
  recording,
  notification,
  button,
  output,
  viewer,
  log,
};

std::string_view to_string(QueueName name) noexcept;

// What a ring can carry: a move that throws would leave a claimed slot unpublished for ever.
template <class T>
concept Crossing = std::is_nothrow_move_constructible_v<T> && std::is_nothrow_move_assignable_v<T> &&
                   std::is_default_constructible_v<T>;

// What a full queue does with the item pushed. A bounded ring with lock-free producers cannot take
// the oldest back by itself, so it refuses the newest; the policies differ in what the refusal means.
enum class Overflow : std::uint8_t {
  drop_newest,   // counted; the sender goes on without
  drop_oldest,   // the sender makes itself the consumer for a moment and takes one out; counted
  refuse,        // push() says no and the sender must act (keep the row in the outbox, answer 503)
  must_not_fill  // sized so that it cannot; counted, and an error in the log
};

// Bounded, lock-free, one producer thread, one consumer thread.
//
// Memory order: the producer's release store of `tail_` publishes the slot to the consumer's acquire
// load; the consumer's release store of `head_` hands the empty slot back to the producer's acquire
// load. Each side keeps a private copy of the other's index, so an uncontended push touches no
// foreign cache line. Full: see Overflow; every refusal is counted in dropped().
template <Crossing T, QueueName Name, Overflow Policy>
class SpscRing {
 public:
  static constexpr QueueName name = Name;
  static constexpr Overflow overflow = Policy;

  // Capacity is rounded up to a power of two. The consumer's wakeup must outlive the ring.
  SpscRing(std::size_t capacity, Wakeup& consumer)
      : mask_(std::bit_ceil(capacity) - 1), slots_(std::make_unique<T[]>(mask_ + 1)), consumer_(consumer) {}

  // Producer thread. False when full (the item is destroyed and counted).
  bool push(T item) {
    const auto tail = tail_.load(std::memory_order_relaxed);
    if (tail - head_seen_ > mask_) {
      head_seen_ = head_.load(std::memory_order_acquire);
      if (tail - head_seen_ > mask_) {
        dropped_.fetch_add(1, std::memory_order_relaxed);
        return false;
      }
    }
    slots_[tail & mask_] = std::move(item);
    tail_.store(tail + 1, std::memory_order_release);
    consumer_.notify();
    return true;
  }

  // Consumer thread.
  std::optional<T> pop() {
    const auto head = head_.load(std::memory_order_relaxed);
    if (head == tail_seen_) {
      tail_seen_ = tail_.load(std::memory_order_acquire);
      if (head == tail_seen_) return std::nullopt;
    }
    std::optional<T> item(std::exchange(slots_[head & mask_], T{}));
    head_.store(head + 1, std::memory_order_release);
    return item;
  }

  // Any thread; a moment's view.
  bool empty() const noexcept { return size() == 0; }
  std::size_t size() const noexcept {
    const auto head = head_.load(std::memory_order_acquire);
    // The head may have moved on between the two loads.
    return std::min(capacity(), static_cast<std::size_t>(tail_.load(std::memory_order_acquire) - head));
  }
  std::size_t capacity() const noexcept { return mask_ + 1; }
  std::uint64_t dropped() const noexcept { return dropped_.load(std::memory_order_relaxed); }

 private:
  // const after construction
  const std::size_t mask_;
  const std::unique_ptr<T[]> slots_;
  Wakeup& consumer_;
  // producer thread
  alignas(64) std::atomic<std::uint64_t> tail_{0};
  std::uint64_t head_seen_ = 0;
  // consumer thread
  alignas(64) std::atomic<std::uint64_t> head_{0};
  std::uint64_t tail_seen_ = 0;
  // any thread
  alignas(64) std::atomic<std::uint64_t> dropped_{0};
};

// Bounded, lock-free, many producer threads, one consumer thread (Dmitry Vyukov's bounded queue with
// a sequence number per slot, its consumer side reduced to one thread).
//
// Memory order: a producer claims a slot by a relaxed compare-exchange on `tail_`, fills it and
// publishes it with a release store of the slot's sequence, which the consumer's acquire load reads;
// the consumer frees the slot with a release store of sequence + capacity, which the next claimer's
// acquire load reads. A producer preempted between claim and publish delays the consumer, never
// another producer. Full: see Overflow; every refusal is counted.
template <Crossing T, QueueName Name, Overflow Policy>
class MpscRing {
 public:
  static constexpr QueueName name = Name;
  static constexpr Overflow overflow = Policy;

  MpscRing(std::size_t capacity, Wakeup& consumer)
      : mask_(std::bit_ceil(capacity < 2 ? std::size_t{2} : capacity) - 1),
        slots_(std::make_unique<Slot[]>(mask_ + 1)),
        consumer_(consumer) {
    for (std::size_t i = 0; i <= mask_; ++i) slots_[i].sequence.store(i, std::memory_order_relaxed);
  }

  // Any thread. False when full (the item is destroyed and counted).
  bool push(T item) {
    if (offer(item)) return true;
    dropped_.fetch_add(1, std::memory_order_relaxed);
    return false;
  }

  // Any thread. False when full: the item stays the caller's as it was, and nothing is counted.
  bool offer(T& item) {
    auto tail = tail_.load(std::memory_order_relaxed);
    for (;;) {
      Slot& slot = slots_[tail & mask_];
      const auto sequence = slot.sequence.load(std::memory_order_acquire);
      if (sequence == tail) {
        if (tail_.compare_exchange_weak(tail, tail + 1, std::memory_order_relaxed)) {
          slot.item = std::move(item);
          slot.sequence.store(tail + 1, std::memory_order_release);
          consumer_.notify();
          return true;
        }
      } else if (sequence < tail) {
        return false;
      } else {
        tail = tail_.load(std::memory_order_relaxed);
      }
    }
  }

  // Consumer thread.
  std::optional<T> pop() {
    const auto head = head_.load(std::memory_order_relaxed);
    Slot& slot = slots_[head & mask_];
    if (slot.sequence.load(std::memory_order_acquire) != head + 1) return std::nullopt;
    std::optional<T> item(std::exchange(slot.item, T{}));
    slot.sequence.store(head + mask_ + 1, std::memory_order_release);
    head_.store(head + 1, std::memory_order_release);
    return item;
  }

  // Consumer thread.
  bool empty() const noexcept {
    const auto head = head_.load(std::memory_order_relaxed);
    return slots_[head & mask_].sequence.load(std::memory_order_acquire) != head + 1;
  }
  // Any thread; a moment's view, claimed slots included.
  std::size_t size() const noexcept {
    const auto head = head_.load(std::memory_order_acquire);
    // The head may have moved on between the two loads.
    return std::min(capacity(), static_cast<std::size_t>(tail_.load(std::memory_order_acquire) - head));
  }
  std::size_t capacity() const noexcept { return mask_ + 1; }
  std::uint64_t dropped() const noexcept { return dropped_.load(std::memory_order_relaxed); }

 private:
  struct Slot {
    std::atomic<std::uint64_t> sequence{0};
    T item{};
  };
  // const after construction
  const std::size_t mask_;
  const std::unique_ptr<Slot[]> slots_;
  Wakeup& consumer_;
  // producers
  alignas(64) std::atomic<std::uint64_t> tail_{0};
  // consumer thread writes, any thread reads
  alignas(64) std::atomic<std::uint64_t> head_{0};
  // any thread
  alignas(64) std::atomic<std::uint64_t> dropped_{0};
};

}  // namespace porchlight
