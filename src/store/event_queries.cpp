// SPDX-License-Identifier: Apache-2.0
// What those who look at the event log ask of it.
#include <algorithm>
#include <array>
#include <cstdio>
#include <iterator>

#include "porchlight/store/event_log.hpp"
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

// One index for each, so that none reads more rows than it returns.
constexpr std::string_view every_event = R"sql(
SELECT id, type, at_ms, camera, json, snapshot FROM events
WHERE id >= ?1 AND id < ?2 ORDER BY id DESC LIMIT ?3)sql";
constexpr std::string_view of_type = R"sql(
SELECT id, type, at_ms, camera, json, snapshot FROM events INDEXED BY events_by_type
WHERE id >= ?1 AND id < ?2 AND type = ?4 ORDER BY id DESC LIMIT ?3)sql";
constexpr std::string_view of_camera = R"sql(
SELECT id, type, at_ms, camera, json, snapshot FROM events INDEXED BY events_by_camera
WHERE id >= ?1 AND id < ?2 AND camera = ?5 ORDER BY id DESC LIMIT ?3)sql";
constexpr std::string_view of_camera_and_type = R"sql(
SELECT id, type, at_ms, camera, json, snapshot FROM events INDEXED BY events_by_camera_and_type
WHERE id >= ?1 AND id < ?2 AND camera = ?5 AND type = ?4 ORDER BY id DESC LIMIT ?3)sql";

Result<std::vector<LoggedEvent>> select(Database& database, const Bounds& bounds, std::size_t limit,
                                        const std::string& type, const std::string* camera) {
  const auto sql = camera == nullptr ? (type.empty() ? every_event : of_type)
                                     : (type.empty() ? of_camera : of_camera_and_type);
  auto statement = database.connection().prepare(QueryType::select, sql);
  if (!statement) return std::move(statement).error();
  statement->bind(1, std::string_view(bounds.least)).bind(2, std::string_view(bounds.most));
  statement->bind(3, static_cast<std::int64_t>(limit));
  if (!type.empty()) statement->bind(4, std::string_view(type));
  if (camera != nullptr) statement->bind(5, std::string_view(*camera));
  return read_events(*statement);
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
WHERE change > ?1 ORDER BY change LIMIT ?2)sql");
  if (!statement) return std::move(statement).error();
  statement->bind(1, change).bind(2, static_cast<std::int64_t>(limit));
  std::vector<ChangedEvent> changed;
  for (;;) {
    auto row = statement->step();
    if (!row) return std::move(row).error();
    if (!*row) return changed;
    auto event = event_of(*statement, 1);
    if (!event) return std::move(event).error();
    changed.push_back({statement->integer(0), std::move(*event)});
  }
}

Result<std::int64_t> EventLog::newest_change() {
  return database_.connection().scalar(QueryType::select,
                                       "SELECT coalesce(max(change), 0) FROM event_changes");
}

}  // namespace porchlight::store
