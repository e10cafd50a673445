// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "porchlight/event/event.hpp"
#include "porchlight/store/outbox.hpp"

namespace porchlight::notify {

// A message that waits for its time and is withdrawn when somebody acknowledges the event before, or when
// what the event began is over.
bool is_escalation(const store::OutboxRow& row);

// Which messages tell of what an event ends: those of this type whose payload has this text there.
struct Ended {
  std::string type;    // camera_lost, alert, disk, gap
  std::string member;  // camera, fingerprint, folder, id
  std::string value;
  bool operator==(const Ended&) const = default;
};
// camera_back ends what camera_lost began, a resolved alert its firing, a disk that is back its trouble, a
// gap's end its beginning; every other event ends nothing.
std::optional<Ended> ended_by(const event::Event& event);
bool is_ended(const store::OutboxRow& row, const Ended& ended);

}  // namespace porchlight::notify
