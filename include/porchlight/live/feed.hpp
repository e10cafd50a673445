// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "porchlight/base/queue.hpp"
#include "porchlight/base/wakeup.hpp"
#include "porchlight/media/packet.hpp"

namespace porchlight::live {

// Which of a camera's streams: the one that is recorded, or the smaller one that is looked through.
enum class Quality : std::uint8_t { main, sub };
std::string_view to_string(Quality quality) noexcept;

// Packets of one stream of a camera on their way from its ingest thread (producer) to the live lane
// (consumer), bounded by number and by bytes. Overflow: what does not fit is dropped and so is everything
// behind it up to the next keyframe that fits; counted. While nobody watches only a keyframe wakes the lane,
// or a queue more than half full: the lane keeps the newest group for the one who comes next.
//
// Memory order: the ring publishes the packets; `bytes_` is a relaxed counter, raised before push and lowered
// after pop, so the producer can only see too much of it.
class Feed {
 public:
  struct Limits {
    std::size_t packets = 512;  // rounded up to a power of two
    std::size_t bytes = std::size_t{8} << 20;
  };
  static constexpr QueueName name = QueueName::viewer;

  // `lane`: the live lane's wakeup, which outlives this. `sound`: whether viewers hear the camera.
  Feed(std::string camera_id, Quality quality, bool sound, Wakeup& lane) noexcept
      : Feed(std::move(camera_id), quality, sound, lane, Limits{}) {}
  Feed(std::string camera_id, Quality quality, bool sound, Wakeup& lane, Limits limits) noexcept;

  // const after construction
  const std::string& camera_id() const noexcept { return camera_id_; }
  Quality quality() const noexcept { return quality_; }

  void push(const media::PacketPtr& packet);  // producer thread; never waits
  std::optional<media::PacketPtr> pop();      // consumer thread
  void set_watched(bool watched) noexcept { watched_.store(watched, std::memory_order_relaxed); }

  // Any thread; a moment's view.
  bool wants_attention() const noexcept;
  std::size_t size() const noexcept { return ring_.size(); }
  std::size_t capacity() const noexcept { return ring_.capacity(); }
  std::uint64_t dropped() const noexcept { return dropped_.load(std::memory_order_relaxed); }

 private:
  bool put(const media::PacketPtr& packet);

  const std::string camera_id_;
  const Quality quality_;
  const bool sound_;
  const Limits limits_;
  Wakeup& lane_;
  Wakeup quiet_{UniqueFd{}};  // never armed
  SpscRing<media::PacketPtr, name, Overflow::drop_newest> ring_;
  bool skipping_ = false;  // producer thread
  // any thread; each is the whole message: relaxed
  std::atomic<bool> watched_{false};
  std::atomic<bool> keyframe_waits_{false};
  std::atomic<std::size_t> bytes_{0};
  std::atomic<std::uint64_t> dropped_{0};
};

}  // namespace porchlight::live
