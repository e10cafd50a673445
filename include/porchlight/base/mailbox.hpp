// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <optional>
#include <utility>

#include "porchlight/base/queue.hpp"
#include "porchlight/base/wakeup.hpp"

namespace porchlight {

// Newest wins: one producer posts, one consumer takes the latest; what was not taken is replaced and
// counted. Wait-free on both sides (triple buffer).
//
// Memory order: `shared_` names the buffer that lies between the two sides, with a "fresh" bit. Each
// side swaps its own buffer against it by an acq_rel exchange, which publishes what it wrote and
// acquires what the other side left.
template <Crossing T>
class Mailbox {
 public:
  // The consumer's wakeup may be null (a consumer that only looks), else it must outlive the mailbox.
  explicit Mailbox(Wakeup* consumer = nullptr) : consumer_(consumer) {}

  // Producer thread.
  void post(T item) {
    buffers_[producer_] = std::move(item);
    const auto before = shared_.exchange(producer_ | fresh, std::memory_order_acq_rel);
    producer_ = before & index;
    if ((before & fresh) != 0) replaced_.fetch_add(1, std::memory_order_relaxed);
    buffers_[producer_] = T{};  // an old frame must not stay alive here
    if (consumer_ != nullptr) consumer_->notify();
  }

  // Consumer thread. Nothing when nothing was posted since the last take().
  std::optional<T> take() {
    if (!has_fresh()) return std::nullopt;
    const auto before = shared_.exchange(consumed_, std::memory_order_acq_rel);
    consumed_ = before & index;
    return std::optional<T>(std::exchange(buffers_[consumed_], T{}));
  }

  // Any thread.
  bool has_fresh() const noexcept { return (shared_.load(std::memory_order_acquire) & fresh) != 0; }
  std::uint64_t replaced() const noexcept { return replaced_.load(std::memory_order_relaxed); }

 private:
  static constexpr std::uint32_t index = 3;
  static constexpr std::uint32_t fresh = 4;

  std::array<T, 3> buffers_{};
  Wakeup* const consumer_;
  std::uint32_t producer_ = 0;  // producer thread
  std::uint32_t consumed_ = 1;  // consumer thread
  std::atomic<std::uint32_t> shared_{2};
  std::atomic<std::uint64_t> replaced_{0};
};

}  // namespace porchlight
