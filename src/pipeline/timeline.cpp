// SPDX-License-Identifier: Apache-2.0
#include "pipeline/timeline.hpp"

#include <algorithm>

namespace porchlight::pipeline {

RingNote& Timeline::add(const event::Ring& ring) {
  rings_.push_front({ring, {}, {}, {}, {}});
  if (rings_.size() > kept) rings_.pop_back();
  return rings_.front();
}

RingNote* Timeline::find(const event::EventId& id) {
  const auto found = std::find_if(rings_.begin(), rings_.end(),
                                  [&](const RingNote& note) { return note.ring.header.id == id; });
  return found == rings_.end() ? nullptr : &*found;
}

void Timeline::note_delivery(const store::RowKey& key, store::DeliveryState state, std::uint32_t attempts,
                             std::optional<double> edge_to_delivered_ms) {
  auto* ring = find(key.event_id);
  if (ring == nullptr) return;
  auto& deliveries = ring->deliveries;
  const auto found = std::find_if(deliveries.begin(), deliveries.end(), [&](const DeliveryNote& note) {
    return note.channel_id == key.channel_id && note.sequence == key.sequence;
  });
  DeliveryNote note{key.channel_id, key.sequence, state, attempts, edge_to_delivered_ms};
  if (found == deliveries.end())
    deliveries.push_back(std::move(note));
  else
    *found = std::move(note);
}

void Timeline::keep_names(const std::set<std::string>& known) {
  for (auto& note : rings_)
    if (note.answer && !known.contains(note.answer->person)) note.answer->person.clear();
}

RecentRings Timeline::snapshot() const {
  return std::make_shared<const std::vector<RingNote>>(rings_.begin(), rings_.end());
}

}  // namespace porchlight::pipeline
