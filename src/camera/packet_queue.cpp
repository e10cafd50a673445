// SPDX-License-Identifier: Apache-2.0
#include "porchlight/camera/packet_queue.hpp"

#include <utility>

namespace porchlight::camera {

Result<std::unique_ptr<PacketQueue>> PacketQueue::create(const std::string& camera_id,
                                                         telemetry::Metrics& metrics, Limits limits) {
  auto wakeup = Wakeup::create();
  if (!wakeup) return std::move(wakeup).error().context("make packet queue of camera '" + camera_id + "'");
  return std::make_unique<PacketQueue>(
      limits, std::move(wakeup).value(),
      metrics.counter("camera_frames_dropped_total", {{"camera_id", camera_id}}));
}

PacketQueue::PacketQueue(Limits limits, Wakeup wakeup, telemetry::Counter dropped)
    : limits_(limits), wakeup_(std::move(wakeup)), ring_(limits.packets, quiet_), dropped_counter_(dropped) {}

bool PacketQueue::push(media::PacketPtr packet) {
  if (skipping_ && !packet->keyframe) return drop();
  const std::size_t size = packet->size;
  const bool wakes = packet->keyframe || !patient_.load(std::memory_order_relaxed);
  if (!fits(size)) return drop();
  bytes_.fetch_add(size, std::memory_order_relaxed);
  if (!ring_.push(std::move(packet))) {
    bytes_.fetch_sub(size, std::memory_order_relaxed);
    return drop();
  }
  skipping_ = false;
  if (wakes || is_half_full()) wakeup_.notify();
  return true;
}

bool PacketQueue::is_half_full() const noexcept {
  return ring_.size() * 2 > ring_.capacity() || bytes() * 2 > limits_.bytes;
}

std::optional<media::PacketPtr> PacketQueue::pop() {
  auto packet = ring_.pop();
  if (packet) bytes_.fetch_sub((*packet)->size, std::memory_order_relaxed);
  return packet;
}

// A packet larger than the whole limit still passes when nothing else waits, else it never would.
bool PacketQueue::fits(std::size_t bytes) const noexcept {
  const std::size_t waiting = this->bytes();
  return ring_.size() < ring_.capacity() && (waiting == 0 || waiting + bytes <= limits_.bytes);
}

bool PacketQueue::drop() {
  skipping_ = true;
  dropped_counter_.increment();
  dropped_.fetch_add(1, std::memory_order_relaxed);
  return false;
}

}  // namespace porchlight::camera
