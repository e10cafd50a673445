// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

#include "porchlight/base/result.hpp"
#include "porchlight/base/unique_fd.hpp"

namespace porchlight {

// The one eventfd of a consumer thread, shared by all the queues it drains. Producers pay a system
// call only while the consumer sleeps.
//
// Memory order. The consumer announces sleep with an acq_rel exchange on `sleeping_` and then looks
// at its queues again; a producer publishes its item and then does an acq_rel read-modify-write on
// the same variable. The two RMWs are ordered: either the producer's comes later, sees "sleeping"
// and writes the eventfd, or it comes earlier and the consumer's exchange acquires the item. No wake
// is lost, and no fence is needed (ThreadSanitizer does not model fences).
//
// On a cache line of its own: every notify() writes it, and a neighbour would pay for that.
class alignas(64) Wakeup {
 public:
  static Result<Wakeup> create();
  explicit Wakeup(UniqueFd fd) noexcept : fd_(std::move(fd)) {}
  Wakeup(Wakeup&& other) noexcept : fd_(std::move(other.fd_)) {}

  // Any thread, after publishing.
  void notify() noexcept {
    if (sleeping_.exchange(0, std::memory_order_acq_rel) != 0) write_event();
  }

  // Consumer only. Sleeps until notify() or the timeout, unless `ready()` is already true; may return
  // early (a late write of an earlier wake, a signal). Returns ready() as it was last seen.
  template <class Ready>
  bool wait_for(std::chrono::nanoseconds timeout, Ready ready) {
    if (ready()) return true;
    sleeping_.exchange(1, std::memory_order_acq_rel);
    if (!ready()) poll_event(timeout);
    sleeping_.exchange(0, std::memory_order_acq_rel);
    return ready();
  }

  // Consumer only, for a loop that polls several descriptors: arm(), look at the queues, poll fd(),
  // disarm(), empty the queues. What a drained event announced is visible after disarm(): its writer
  // saw "sleeping", so its read-modify-write stands before disarm()'s.
  void arm() noexcept { sleeping_.exchange(1, std::memory_order_acq_rel); }
  void disarm() noexcept {
    sleeping_.exchange(0, std::memory_order_acq_rel);
    drain_event();
  }
  int fd() const noexcept { return fd_.get(); }

 private:
  void write_event() noexcept;
  void poll_event(std::chrono::nanoseconds timeout) noexcept;
  void drain_event() noexcept;

  UniqueFd fd_;
  std::atomic<std::uint32_t> sleeping_{0};
};

}  // namespace porchlight
