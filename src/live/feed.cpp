// SPDX-License-Identifier: Apache-2.0
#include "porchlight/live/feed.hpp"

#include <utility>

namespace porchlight::live {

std::string_view to_string(Quality quality) noexcept {
  return quality == Quality::main ? "main" : "sub";
}

Feed::Feed(std::string camera_id, Quality quality, bool sound, Wakeup& lane, Limits limits) noexcept
    : camera_id_(std::move(camera_id)),
      quality_(quality),
      sound_(sound),
      limits_(limits),
      lane_(lane),
      ring_(limits.packets, quiet_) {}

// A packet larger than the whole limit still passes when nothing else waits, else it never would.
bool Feed::put(const media::PacketPtr& packet) {
  const auto waiting = bytes_.load(std::memory_order_relaxed);
  if (waiting > 0 && waiting + packet->size > limits_.bytes) return false;
  bytes_.fetch_add(packet->size, std::memory_order_relaxed);
  if (ring_.push(packet)) return true;
  bytes_.fetch_sub(packet->size, std::memory_order_relaxed);
  return false;
}

void Feed::push(const media::PacketPtr& packet) {
  const bool is_video = packet->stream->kind == media::MediaKind::video;
  if (!is_video && !sound_) return;
  const bool is_keyframe = is_video && packet->keyframe;
  if ((skipping_ && !is_keyframe) || !put(packet)) {
    skipping_ = true;
    dropped_.fetch_add(1, std::memory_order_relaxed);
    return;
  }
  skipping_ = false;
  if (is_keyframe) keyframe_waits_.store(true, std::memory_order_relaxed);
  if (wants_attention()) lane_.notify();
}

std::optional<media::PacketPtr> Feed::pop() {
  keyframe_waits_.store(false, std::memory_order_relaxed);
  auto packet = ring_.pop();
  if (packet) bytes_.fetch_sub((*packet)->size, std::memory_order_relaxed);
  return packet;
}

bool Feed::wants_attention() const noexcept {
  if (ring_.empty()) return false;
  return watched_.load(std::memory_order_relaxed) || keyframe_waits_.load(std::memory_order_relaxed) ||
         ring_.size() * 2 > ring_.capacity() || bytes_.load(std::memory_order_relaxed) * 2 > limits_.bytes;
}

}  // namespace porchlight::live
