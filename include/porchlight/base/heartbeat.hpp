// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

#include "porchlight/base/clock.hpp"

namespace porchlight {

// A worker's sign of life. The worker beats, the supervisor reads the age. Relaxed order: the time
// itself is the message, it publishes nothing else.
class Heartbeat {
 public:
  explicit Heartbeat(const Clock& clock) : clock_(clock) { beat(); }
  void beat() noexcept { last_ns_.store(clock_.now().time_since_epoch().count(), std::memory_order_relaxed); }
  std::chrono::nanoseconds age() const noexcept {
    return clock_.now() - MonotonicTime{std::chrono::nanoseconds{last_ns_.load(std::memory_order_relaxed)}};
  }

 private:
  const Clock& clock_;
  std::atomic<std::int64_t> last_ns_{0};
};

}  // namespace porchlight
