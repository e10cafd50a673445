// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "porchlight/base/clock.hpp"
#include "porchlight/event/event.hpp"
#include "porchlight/notify/rules.hpp"
#include "porchlight/store/outbox.hpp"

namespace porchlight::notify {

// Sequence numbers of one event's messages.
inline constexpr std::uint32_t first_message = 0;
inline constexpr std::uint32_t picture_update = 1;
inline constexpr std::uint32_t name_update = 2;
inline constexpr std::uint32_t clip_update = 3;

// What is known of a ring's picture at its edge.
using PictureAge = std::optional<std::chrono::milliseconds>;

// The outbox rows (payload, label, expiry filled in) of one message to one channel. The payloads are
// documented in docs/notifications.md. `now` is the wall clock; an escalation is due `after` later, says
// `"escalation": true`, and has the number store::first_escalation; it has no updates. What only words_of()
// needs stands in the payload under `words`, and what only requested_by() does under `request`: see
// public_payload().
store::OutboxRow message_of(const event::Event& event, const Route& route, WallTime now,
                            PictureAge picture_age = std::nullopt);
// Sequence 1 of a ring: the same text, with the picture.
store::OutboxRow picture_update_of(const event::Ring& ring, const Route& route, WallTime now,
                                   PictureAge picture_age);
// Sequence 2 of a ring: who it is.
store::OutboxRow name_update_of(const event::Ring& ring, const event::Sighting& sighting, const Route& route,
                                WallTime now, PictureAge picture_age);

// Sequence 3: the same text once more, with a film of what happened.
store::OutboxRow clip_update_of(const event::Event& event, const Route& route, WallTime now);
// Whether a channel of this type can carry one.
bool carries_clips(std::string_view channel_type) noexcept;

// Whose request caused the message, for one that comes from the outbox; empty: nobody's, or it is not known.
struct Requested {
  std::string id{};
  std::string correlation_id{};
};
Requested requested_by(const store::OutboxRow& row);

// The payload as it leaves the house: without `words` and `request`. One that cannot be read is handed on as
// it is.
std::string public_payload(const store::OutboxRow& row);

}  // namespace porchlight::notify
