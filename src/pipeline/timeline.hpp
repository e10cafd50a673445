// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "porchlight/event/event.hpp"
#include "porchlight/store/outbox.hpp"

namespace porchlight::pipeline {

struct DeliveryNote {
  std::string channel_id;
  std::uint32_t sequence = 0;
  store::DeliveryState state = store::DeliveryState::pending;
  std::uint32_t attempts = 0;
  std::optional<double> edge_to_delivered_ms;
};

// One ring from the edge to the delivered message, as `porchlight status` shows it.
struct RingNote {
  event::Ring ring;
  std::optional<double> edge_to_commit_ms;
  std::optional<double> picture_age_ms;
  std::optional<event::Sighting> answer;
  std::vector<DeliveryNote> deliveries;
};

using RecentRings = std::shared_ptr<const std::vector<RingNote>>;

// The newest rings, kept in memory for the status only. Store lane's thread.
class Timeline {
 public:
  static constexpr std::size_t kept = 20;

  RingNote& add(const event::Ring& ring);
  RingNote* find(const event::EventId& id);
  void note_delivery(const store::RowKey& key, store::DeliveryState state, std::uint32_t attempts,
                     std::optional<double> edge_to_delivered_ms);
  // Takes out the names that are not among `known`: they were forgotten or changed.
  void keep_names(const std::set<std::string>& known);
  RecentRings snapshot() const;  // newest first

 private:
  std::deque<RingNote> rings_;  // newest first
};

}  // namespace porchlight::pipeline
