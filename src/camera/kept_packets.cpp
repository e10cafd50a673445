// SPDX-License-Identifier: Apache-2.0
#include "porchlight/camera/kept_packets.hpp"

#include <utility>

namespace porchlight::camera {

void KeptPackets::begin(media::PacketPtr keyframe) {
  groups_[0] = std::exchange(groups_[1], Group{});
  add(std::move(keyframe));
}

void KeptPackets::add(media::PacketPtr packet) {
  auto& group = groups_[1];
  group.too_large =
      group.too_large || group.bytes + packet->size > most_bytes || group.packets.size() == most_packets;
  if (group.too_large) {
    group.packets.clear();
    group.bytes = 0;
  } else {
    group.bytes += packet->size;
    group.packets.push_back(std::move(packet));
  }
  count();
}

void KeptPackets::clear() {
  groups_[0] = {};
  groups_[1] = {};
  count();
}

void KeptPackets::count() noexcept {
  bytes_.store(groups_[0].bytes + groups_[1].bytes, std::memory_order_relaxed);
}

std::vector<media::PacketPtr> KeptPackets::newest_two() const {
  auto packets = groups_[0].packets;
  packets.insert(packets.end(), groups_[1].packets.begin(), groups_[1].packets.end());
  return packets;
}

}  // namespace porchlight::camera
