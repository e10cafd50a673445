// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "porchlight/base/queue.hpp"
#include "porchlight/base/wakeup.hpp"
#include "porchlight/media/packet.hpp"
#include "porchlight/telemetry/metrics.hpp"

namespace porchlight::camera {

struct PacketQueueLimits {
  std::size_t packets = 256;  // rounded up to a power of two
  std::size_t bytes = std::size_t{8} << 20;
};

// Packets on their way from the ingest thread (producer) to the decode lane (consumer), bounded by
// number and by bytes. Overflow: what does not fit is dropped and so is everything behind it up to the
// next keyframe that fits, since a decoder cannot resume inside a GOP. Every drop is counted into
// camera_frames_dropped_total.
//
// Memory order: the ring publishes the packets; `bytes_` is a relaxed counter, raised before push and
// lowered after pop, so the producer can only see too much of it, never too little.
class PacketQueue {
 public:
  using Limits = PacketQueueLimits;
  static constexpr QueueName name = QueueName::frame_capture;

  static Result<std::unique_ptr<PacketQueue>> create(const std::string& camera_id,
                                                     telemetry::Metrics& metrics, Limits limits = {});
  PacketQueue(Limits limits, Wakeup wakeup, telemetry::Counter dropped);

  // Producer thread. False when the packet was dropped.
  bool push(media::PacketPtr packet);

  // Consumer thread.
  std::optional<media::PacketPtr> pop();
  Wakeup& wakeup() noexcept { return wakeup_; }
  // From now on whether only a keyframe wakes the consumer, or a queue more than half full: else a packet
  // costs no system call, and the consumer looks by itself.
  void set_patient(bool patient) noexcept { patient_.store(patient, std::memory_order_relaxed); }

  // Any thread; a moment's view.
  bool empty() const noexcept { return ring_.empty(); }
  std::size_t size() const noexcept { return ring_.size(); }
  std::size_t capacity() const noexcept { return ring_.capacity(); }
  std::size_t bytes() const noexcept { return bytes_.load(std::memory_order_relaxed); }
  std::uint64_t dropped() const noexcept { return dropped_.load(std::memory_order_relaxed); }

 private:
  bool fits(std::size_t bytes) const noexcept;
  bool is_half_full() const noexcept;
  bool drop();

  const Limits limits_;
  Wakeup wakeup_;
  Wakeup quiet_{UniqueFd{}};  // never armed
  SpscRing<media::PacketPtr, name, Overflow::drop_newest> ring_;
  bool skipping_ = false;  // producer thread
  telemetry::Counter dropped_counter_;
  std::atomic<bool> patient_{false};  // the whole message: relaxed; seen late, a packet wakes in vain or
                                      // waits for the consumer to look
  std::atomic<std::size_t> bytes_{0};
  std::atomic<std::uint64_t> dropped_{0};
};

}  // namespace porchlight::camera
