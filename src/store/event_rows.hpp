// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "porchlight/store/event_log.hpp"
#include "store/connection.hpp"

namespace porchlight::store {

// Six columns from `first` on: id, type, at_ms, camera, json, snapshot.
inline Result<LoggedEvent> event_of(const Statement& row, int first) {
  const auto id = event::EventId::parse(row.text(first));
  if (!id) return Error(ErrorCode::corrupt, "read events: row has the broken id '" + row.text(first) + "'");
  return LoggedEvent{*id,
                     row.text(first + 1),
                     row.time(first + 2),
                     row.text(first + 3),
                     row.text(first + 4),
                     row.text(first + 5)};
}

// Something came later for an event: inside the caller's transaction it gets a new number. The old one goes,
// so that who asks for what came after it gets the event once.
Status number_again(Database::Connection& connection, const std::string& id);

inline Result<std::vector<LoggedEvent>> read_events(Statement& select) {
  std::vector<LoggedEvent> events;
  for (;;) {
    auto row = select.step();
    if (!row) return std::move(row).error();
    if (!*row) return events;
    auto event = event_of(select, 0);
    if (!event) return std::move(event).error();
    events.push_back(std::move(*event));
  }
}

}  // namespace porchlight::store
