// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "porchlight/event/event.hpp"
#include "porchlight/notify/options.hpp"

namespace porchlight::notify {

struct Route {
  std::string channel_id;
  bool attach_snapshot = false;
  auto operator<=>(const Route&) const = default;
};

// Who is told of `event`, each channel at most once, in the order of the rules. Pure.
// - A Sighting that answers a ring (ring_id set) goes where rings go: it is the ring's update.
// - Any other Sighting goes by its verdict; no_face and error go nowhere.
// - A Security event that says what a blacklisted Sighting says too (kind blacklist_match) skips the
//   channels which that Sighting reaches.
std::vector<Route> route(const std::vector<Rule>& rules, const event::Event& event);

// When several people stand at the door: true when `a` says more than `b` (blacklisted over unknown
// over known over no face over error).
bool outranks(event::Verdict a, event::Verdict b) noexcept;

// `type` label of notifications_sent_total for a message about the event.
std::string_view label_of(const event::Event& event) noexcept;

// How long a message about the event is worth delivering.
std::chrono::seconds lifetime_of(const event::Event& event) noexcept;

}  // namespace porchlight::notify
