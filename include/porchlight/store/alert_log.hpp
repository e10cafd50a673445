// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "porchlight/base/clock.hpp"
#include "porchlight/base/result.hpp"
#include "porchlight/event/event.hpp"

namespace porchlight::store {

class Database;

// An alert as Alertmanager tells of it. It tells again and again while the alert lasts.
struct ReceivedAlert {
  event::Alert alert;
  WallTime starts{};  // a later one is another alert of the same fingerprint
};

// Which alerts were taken in. Thread-bound as its Database.
class AlertLog {
 public:
  explicit AlertLog(Database& database) : database_(database) {}

  // Notes all of them in one transaction and returns, in their order, the events that are to be told: of
  // those that were not there, and of those whose event never reached the event log (a crash came between);
  // such a one keeps its first id.
  Result<std::vector<event::Alert>> take(const std::vector<ReceivedAlert>& alerts, WallTime now);

  // Forgets alerts that nobody told of since `before`.
  Result<std::uint64_t> prune(WallTime before);

 private:
  Status note(const ReceivedAlert& received, WallTime now);
  Result<std::vector<event::Alert>> untold(const std::vector<ReceivedAlert>& alerts);

  Database& database_;
};

}  // namespace porchlight::store
