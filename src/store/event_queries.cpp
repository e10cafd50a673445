// SPDX-License-Identifier: Apache-2.0
// What those who look at the event log ask of it.
#include <algorithm>
#include <array>
#include <atomic>
#include <cstdio>
#include <iterator>

#include "porchlight/store/event_log.hpp"
#include "porchlight/telemetry/log.hpp"
#include "store/event_rows.hpp"

namespace porchlight::store {
namespace {

// An id begins with its time, so a time is a bound of the primary key. `~` sorts after every hex digit.
std::string id_bound(WallTime time) {
  const auto ms = std::chrono::ceil<std::chrono::milliseconds>(time.time_since_epoch()).count();
  if (ms < 0) return {};
  if (ms >= std::int64_t{1} << 48) return "~";
  std::array<char, 24> text{};
  std::snprintf(text.data(), text.size(), "%08llx-%04llx", static_cast<unsigned long long>(ms) >> 16U,
                static_cast<unsigned long long>(ms) & 0xffffU);
  return text.data();
}

struct Bounds {
  std::string least;  // the id itself is in
  std::string most;   // and this one is not
};

Bounds bounds_of(const EventFilter& filter, const std::optional<event::EventId>& before) {
  Bounds bounds{"", "~"};
  if (filter.from) bounds.least = id_bound(*filter.from);
  if (filter.until) bounds.most = id_bound(*filter.until);
  if (before) bounds.most = std::min(bounds.most, before->text());
  return bounds;
}

// One index for each, and a row is read when the one before it was given out: none reads more rows than it
// returns, but for those that cannot be read. Those must not count, or a page would end before its time.
constexpr std::string_view every_event = R"sql(
SELECT id, type, at_ms, camera, json, snapshot FROM events
WHERE id >= ?1 AND id < ?2 ORDER BY id DESC)sql";
constexpr std::string_view of_type = R"sql(
SELECT id, type, at_ms, camera, json, snapshot FROM events INDEXED BY events_by_type
WHERE id >= ?1 AND id < ?2 AND type = ?3 ORDER BY id DESC)sql";
constexpr std::string_view of_camera = R"sql(
SELECT id, type, at_ms, camera, json, snapshot FROM events INDEXED BY events_by_camera
WHERE id >= ?1 AND id < ?2 AND camera = ?4 ORDER BY id DESC)sql";
constexpr std::string_view of_camera_and_type = R"sql(
SELECT id, type, at_ms, camera, json, snapshot FROM events INDEXED BY events_by_camera_and_type
WHERE id >= ?1 AND id < ?2 AND camera = ?4 AND type = ?3 ORDER BY id DESC)sql";

// A row that cannot be read is left out: one must not keep everybody from all others. The process says so
// once; a page that is asked for again and again would fill the log with it.
std::optional<LoggedEvent> readable_event_of(const Statement& row, int first) {
  auto event = event_of(row, first);
  if (event) return std::move(*event);
  static std::atomic_flag said;
  if (said.test_and_set()) return std::nullopt;
  const telemetry::Logger log("doorbell.store", telemetry::Component::storage);
  log.error("an event cannot be read and is left out, and so will others be without a word",
            {{"fault", event.error().text()}});
  return std::nullopt;
}

Result<std::vector<LoggedEvent>> select(Database& database, const Bounds& bounds, std::size_t limit,
                                        const std::string& type, const std::string* camera) {
  const auto sql = camera == nullptr ? (type.empty() ? every_event : of_type)
                                     : (type.empty() ? of_camera : of_camera_and_type);
  auto statement = database.connection().prepare(QueryType::select, sql);
  if (!statement) return std::move(statement).error();
  statement->bind(1, std::string_view(bounds.least)).bind(2, std::string_view(bounds.most));
  if (!type.empty()) statement->bind(3, std::string_view(type));
  if (camera != nullptr) statement->bind(4, std::string_view(*camera));
  std::vector<LoggedEvent> events;
  while (events.size() < limit) {
    const auto row = statement->step();
    if (!row) return row.error();
    if (!*row) break;
    if (auto event = readable_event_of(*statement, 0)) events.push_back(std::move(*event));
  }
  return events;
}

}  // namespace

Result<std::vector<LoggedEvent>> EventLog::list(const EventFilter& filter, std::size_t limit,
                                                std::optional<event::EventId> before) {
  const auto bounds = bounds_of(filter, before);
  if (!filter.cameras) return select(database_, bounds, limit, filter.type, nullptr);
  std::vector<LoggedEvent> all;
  for (const auto& camera : *filter.cameras) {
    auto some = select(database_, bounds, limit, filter.type, &camera);
    if (!some) return some;
    std::vector<LoggedEvent> merged;
    std::merge(std::make_move_iterator(all.begin()), std::make_move_iterator(all.end()),
               std::make_move_iterator(some->begin()), std::make_move_iterator(some->end()),
               std::back_inserter(merged),
               [](const LoggedEvent& a, const LoggedEvent& b) { return a.id > b.id; });
    if (merged.size() > limit)
      merged.erase(merged.begin() + static_cast<std::ptrdiff_t>(limit), merged.end());
    all = std::move(merged);
  }
  return all;
}

Result<std::vector<ChangedEvent>> EventLog::changed_after(std::int64_t change, std::size_t limit) {
  auto statement = database_.connection().prepare(QueryType::select, R"sql(
SELECT change, id, type, at_ms, camera, json, snapshot
FROM event_changes CROSS JOIN events ON events.id = event_changes.event_id
WHERE change > ?1 ORDER BY change)sql");
  if (!statement) return std::move(statement).error();
  statement->bind(1, change);
  std::vector<ChangedEvent> changed;
  while (changed.size() < limit) {
    const auto row = statement->step();
    if (!row) return row.error();
    if (!*row) break;
    if (auto event = readable_event_of(*statement, 1))
      changed.push_back({statement->integer(0), std::move(*event)});
  }
  return changed;
}

Result<std::int64_t> EventLog::newest_change() {
  return database_.connection().scalar(QueryType::select,
                                       "SELECT coalesce(max(change), 0) FROM event_changes");
}

}  // namespace porchlight::store
