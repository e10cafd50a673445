// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstddef>
#include <vector>

#include "porchlight/media/packet.hpp"

namespace porchlight::camera {

// What was passed over while only keyframes were decoded: the packets from the keyframe before last on, so
// that it can be decoded after all. Bounded by bytes and number: a group of pictures that is larger cannot be
// had again.
class KeptPackets {
 public:
  static constexpr std::size_t most_bytes = std::size_t{4} << 20;  // of one group of pictures
  static constexpr std::size_t most_packets = 1024;                // of one, 4 s of 256 pictures a second

  // A keyframe that was decoded: its group begins, the one before the last is forgotten.
  void begin(media::PacketPtr keyframe);
  void add(media::PacketPtr packet);  // of the group that begin() began
  void clear();

  // The group that goes on, its keyframe first; with the one before it. A group that was too large is empty.
  std::vector<media::PacketPtr> newest() const { return groups_[1].packets; }
  std::vector<media::PacketPtr> newest_two() const;
  // Any thread: of all packets that are kept.
  std::size_t bytes() const noexcept { return bytes_.load(std::memory_order_relaxed); }

 private:
  struct Group {
    std::vector<media::PacketPtr> packets;
    std::size_t bytes = 0;
    bool too_large = false;
  };
  void count() noexcept;

  Group groups_[2];                    // the older one first
  std::atomic<std::size_t> bytes_{0};  // the number is the whole message: relaxed
};

}  // namespace porchlight::camera
