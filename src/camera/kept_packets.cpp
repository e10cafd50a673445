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
  group.bytes += packet->size;
  group.too_large = group.too_large || group.bytes > most_bytes;
  if (group.too_large)
    group.packets.clear();
  else
    group.packets.push_back(std::move(packet));
}

void KeptPackets::clear() {
  groups_[0] = {};
  groups_[1] = {};
}

std::vector<media::PacketPtr> KeptPackets::newest_two() const {
  auto packets = groups_[0].packets;
  packets.insert(packets.end(), groups_[1].packets.begin(), groups_[1].packets.end());
  return packets;
}

}  // namespace porchlight::camera
