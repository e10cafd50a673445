// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "porchlight/event/event.hpp"
#include "porchlight/notify/options.hpp"

namespace porchlight::notify {

// What the rules ask of an event.
struct Facts {
  std::optional<Occasion> occasion;         // nothing: no rule is for it
  std::string camera{};                     // may be empty
  std::string person{};                     // may be empty
  std::string subject{};                    // what it is about, for `cooldown` and `group`
  std::string severity{};                   // of an alert
  bool critical = false;                    // by itself
  bool over = false;                        // what it tells has ended: nobody needs to see to it
  bool blacklisted_face = false;            // a security event that a sighting tells, too
  std::optional<event::EventId> answers{};  // the ring that it belongs to
};

Facts facts_of(const event::Event& event);

}  // namespace porchlight::notify
