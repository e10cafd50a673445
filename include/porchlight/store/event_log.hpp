// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "porchlight/base/result.hpp"
#include "porchlight/event/event.hpp"
#include "porchlight/store/outbox.hpp"

namespace porchlight::store {

// An event as it lies in the log. `json` is event::to_json of it, with picture_age_ms when known.
struct LoggedEvent {
  event::EventId id;
  std::string type;
  WallTime at{};
  std::string camera_id;
  std::string json;
  std::string snapshot;  // file name under snapshots/, empty when there is none
};

// Which events somebody wants to see, or may.
struct EventFilter {
  std::optional<std::set<std::string>> cameras{};  // nothing: every event, those of no camera too
  std::string type{};                              // empty: every type
  std::optional<WallTime> from{};                  // at this time or later
  std::optional<WallTime> until{};                 // before this time
};

// A change is an event's commit, its picture's or its end's. Changes are numbered upwards in the order of
// their commits; an event counts once, by its latest.
struct ChangedEvent {
  std::int64_t change = 0;
  LoggedEvent event;
};

// The log of events, to which is added; what lasted a while is completed once. Thread-bound as its Database.
class EventLog {
 public:
  explicit EventLog(Database& database) : database_(database) {}

  // The event and its outbox rows in one transaction; returns success only after the commit is on
  // the medium. Idempotent: what is already there by its id or key stays as it is.
  Status append(const event::Event& event, std::span<const OutboxRow> rows,
                std::optional<std::chrono::milliseconds> picture_age = std::nullopt);

  // The same without a commit: nothing of it stays. Says whether an append() would have come so far.
  Status rehearse(const event::Event& event, std::span<const OutboxRow> rows);

  // What came later for an event already logged: its snapshot (the file must be durable before, see
  // SnapshotFolder) and the rows of the updates, in one transaction. ErrorCode::not_found when the
  // event is not there.
  Status amend(const event::EventId& id, std::optional<std::string> snapshot,
               std::span<const OutboxRow> rows);

  // What an event that lasted a while has become, in its place: type, time and camera stay.
  // ErrorCode::not_found when the event is not there.
  Status complete(const event::Event& event);

  Result<std::optional<LoggedEvent>> find(const event::EventId& id);
  // Newest first; those older than `before` when given.
  Result<std::vector<LoggedEvent>> newest(std::size_t limit,
                                          std::optional<event::EventId> before = std::nullopt);
  // Oldest first; those newer than `after` when given. Pages through the whole log in order.
  Result<std::vector<LoggedEvent>> page(std::size_t limit,
                                        std::optional<event::EventId> after = std::nullopt);
  // Newest first; those older than `before` when given. Reads no more than `limit` rows for each camera of
  // the filter, however large the log is. A row that cannot be read is left out, here and in changed_after.
  Result<std::vector<LoggedEvent>> list(const EventFilter& filter, std::size_t limit,
                                        std::optional<event::EventId> before = std::nullopt);
  // Oldest first: what changed after the change of that number, as it is now.
  Result<std::vector<ChangedEvent>> changed_after(std::int64_t change, std::size_t limit);
  Result<std::int64_t> newest_change();  // 0: none yet
  Result<std::uint64_t> count();

 private:
  Database& database_;
};

}  // namespace porchlight::store
