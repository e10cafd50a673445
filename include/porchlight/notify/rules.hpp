// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "porchlight/event/event.hpp"
#include "porchlight/notify/options.hpp"

namespace porchlight::notify {

// One message to one channel.
struct Route {
  std::string channel_id{};
  bool attach_snapshot = false;
  std::size_t rule = 0;  // the first that names the channel, counted from 0
  bool critical = false;
  std::chrono::milliseconds after{0};  // more than 0: an escalation, due so long after the event
  std::uint32_t more = 0;              // events like it that were grouped since the last message
  Template words{};
  std::string camera_name{};  // when it is not the camera's id
  bool attach_clip = false;   // a film of the event follows
  bool operator==(const Route&) const = default;
};

// When several people stand at the door: true when `a` says more than `b` (blacklisted over unknown
// over known over no face over error).
bool outranks(event::Verdict a, event::Verdict b) noexcept;

// `type` label of notifications_sent_total for a message about the event.
std::string_view label_of(const event::Event& event) noexcept;

// How long a message about the event is worth delivering.
std::chrono::seconds lifetime_of(const event::Event& event) noexcept;

}  // namespace porchlight::notify
