// SPDX-License-Identifier: Apache-2.0
// What the keeper of the footage asks of its index, and tells it.
#include "porchlight/store/segment_index.hpp"
#include "store/outbox_rows.hpp"
#include "store/segment_rows.hpp"

namespace porchlight::store {

using std::chrono::milliseconds;

Result<std::vector<Segment>> SegmentIndex::in_state(SegmentState state, std::size_t limit,
                                                    std::int64_t after) {
  static const auto open = select_segments("WHERE s.state = 0 AND s.id > ?3 ORDER BY s.id LIMIT ?1");
  static const auto deleting = select_segments("WHERE s.state = 3 AND s.id > ?3 ORDER BY s.id LIMIT ?1");
  static const auto other = select_segments("WHERE s.state = ?2 AND s.id > ?3 ORDER BY s.id LIMIT ?1");
  const auto& sql = state == SegmentState::open ? open : state == SegmentState::deleting ? deleting : other;
  auto select = database_.connection().prepare(QueryType::select, sql);
  if (!select) return std::move(select).error();
  select->bind(1, as_limit(limit)).bind(3, after);
  if (&sql == &other) select->bind(2, std::int64_t{static_cast<int>(state)});
  return read_segments(*select);
}

Result<std::vector<Segment>> SegmentIndex::in_folder(const std::string& folder) {
  static const auto sql = select_segments("WHERE s.file > ?1 AND s.file < ?2 ORDER BY s.file");
  auto select = database_.connection().prepare(QueryType::select, sql);
  if (!select) return std::move(select).error();
  const std::string from = folder + "/";
  const std::string to = folder + "0";  // the character after '/'
  select->bind(1, std::string_view(from)).bind(2, std::string_view(to));
  return read_segments(*select);
}

Result<std::vector<Segment>> SegmentIndex::by_file(const std::string& after, std::size_t limit) {
  static const auto sql = select_segments("WHERE s.file > ?1 ORDER BY s.file LIMIT ?2");
  auto select = database_.connection().prepare(QueryType::select, sql);
  if (!select) return std::move(select).error();
  select->bind(1, std::string_view(after)).bind(2, as_limit(limit));
  return read_segments(*select);
}

Result<std::vector<Segment>> SegmentIndex::oldest(bool of_event, std::size_t limit) {
  static const auto sql = select_segments(
      "WHERE s.of_event = ?1 AND s.state IN (1, 2) AND s.is_protected = 0 ORDER BY s.boot, s.begin_ms LIMIT "
      "?2");
  auto select = database_.connection().prepare(QueryType::select, sql);
  if (!select) return std::move(select).error();
  select->bind(1, std::int64_t{of_event}).bind(2, as_limit(limit));
  return read_segments(*select);
}

Result<std::uint64_t> SegmentIndex::bytes() {
  const auto sum = database_.connection().scalar(
      QueryType::select, "SELECT coalesce(sum(bytes), 0) FROM segments WHERE state <> 0");
  if (!sum) return sum.error();
  return static_cast<std::uint64_t>(*sum);
}

Result<SegmentIndex::Recorded> SegmentIndex::recorded_since(WallTime from) {
  auto select = database_.connection().prepare(QueryType::select, R"sql(
SELECT coalesce(sum(s.bytes), 0), min(b.zero_ms + s.begin_ms)
FROM boots b CROSS JOIN segments s ON s.boot = b.boot
WHERE b.zero_ms IS NOT NULL AND s.begin_ms >= ?1 - b.zero_ms)sql");
  if (!select) return std::move(select).error();
  auto row = select->bind(1, from).step();
  if (!row) return std::move(row).error();
  Recorded recorded{static_cast<std::uint64_t>(select->integer(0)), {}};
  if (!select->is_null(1)) recorded.since = select->time(1);
  return recorded;
}

Result<std::optional<WallTime>> SegmentIndex::continuous_since(WallTime from) {
  auto select = database_.connection().prepare(QueryType::select, R"sql(
SELECT min(b.zero_ms + s.begin_ms) FROM boots b CROSS JOIN segments s ON s.boot = b.boot
WHERE b.zero_ms IS NOT NULL AND s.begin_ms >= ?1 - b.zero_ms
  AND s.of_event = 0 AND s.state IN (1, 2) AND s.is_protected = 0)sql");
  if (!select) return std::move(select).error();
  auto row = select->bind(1, from).step();
  if (!row) return std::move(row).error();
  if (!*row || select->is_null(0)) return std::optional<WallTime>();
  return std::optional(select->time(0));
}

Result<std::uint64_t> SegmentIndex::protected_bytes() {
  const auto sum = database_.connection().scalar(
      QueryType::select, "SELECT coalesce(sum(bytes), 0) FROM segments WHERE is_protected = 1");
  if (!sum) return sum.error();
  return static_cast<std::uint64_t>(*sum);
}

Result<std::vector<std::string>> SegmentIndex::protected_files() {
  auto select = database_.connection().prepare(
      QueryType::select, "SELECT file FROM segments WHERE is_protected = 1 AND state <> 3");
  if (!select) return std::move(select).error();
  std::vector<std::string> files;
  for (;;) {
    auto row = select->step();
    if (!row) return std::move(row).error();
    if (!*row) return files;
    files.push_back(select->text(0));
  }
}

// One look into the index for each, however many rows they have.
Result<std::vector<std::string>> SegmentIndex::cameras() {
  auto select = database_.connection().prepare(QueryType::select, R"sql(
WITH RECURSIVE names (camera) AS (
  SELECT min(camera) FROM segments
  UNION ALL SELECT (SELECT min(camera) FROM segments WHERE camera > names.camera) FROM names
            WHERE names.camera IS NOT NULL)
SELECT camera FROM names WHERE camera IS NOT NULL)sql");
  if (!select) return std::move(select).error();
  std::vector<std::string> names;
  for (;;) {
    auto row = select->step();
    if (!row) return std::move(row).error();
    if (!*row) return names;
    names.push_back(select->text(0));
  }
}

Result<std::vector<Gap>> SegmentIndex::open_gaps() {
  static const auto sql = select_gaps("WHERE g.end_boot IS NULL ORDER BY g.id");
  auto select = database_.connection().prepare(QueryType::select, sql);
  if (!select) return std::move(select).error();
  return read_gaps(*select);
}

Result<std::optional<BootMoment>> SegmentIndex::known_until(const std::string& camera_id,
                                                            const BootMoment& before) {
  auto select = database_.connection().prepare(QueryType::select, R"sql(
SELECT boot, ms FROM (
  SELECT * FROM (SELECT boot, end_ms AS ms FROM segments WHERE camera = ?1 AND (boot, begin_ms) < (?2, ?3)
                 ORDER BY boot DESC, begin_ms DESC LIMIT 1)
  UNION ALL
  SELECT coalesce(end_boot, boot), coalesce(end_ms, begin_ms) FROM gaps
  WHERE camera = ?1 AND (boot, begin_ms) < (?2, ?3))
ORDER BY boot DESC, ms DESC LIMIT 1)sql");
  if (!select) return std::move(select).error();
  select->bind(1, std::string_view(camera_id)).bind(2, before.boot);
  auto row = select->bind(3, std::int64_t{before.at.count()}).step();
  if (!row) return std::move(row).error();
  if (!*row) return std::optional<BootMoment>();
  return std::optional(BootMoment{select->integer(0), milliseconds(select->integer(1))});
}

Result<std::vector<std::int64_t>> SegmentIndex::fill_holes(const std::string& camera_id, milliseconds least,
                                                           const std::string& detail) {
  auto insert = database_.connection().prepare(QueryType::insert, R"sql(
INSERT INTO gaps (camera, cause, detail, boot, begin_ms, end_boot, end_ms)
SELECT ?1, 'damaged', ?3, boot, end_ms, next_boot, next_ms FROM (
  SELECT boot, end_ms, lead(boot) OVER w AS next_boot, lead(begin_ms) OVER w AS next_ms
  FROM segments WHERE camera = ?1 WINDOW w AS (ORDER BY boot, begin_ms)) AS hole
WHERE next_boot IS NOT NULL AND (next_boot, next_ms) > (boot, end_ms + ?2)
  AND NOT EXISTS (SELECT 1 FROM gaps g WHERE g.camera = ?1
                  AND (g.boot, g.begin_ms) < (hole.next_boot, hole.next_ms)
                  AND (g.end_boot IS NULL OR (g.end_boot, g.end_ms) > (hole.boot, hole.end_ms)))
RETURNING id)sql");
  if (!insert) return std::move(insert).error();
  insert->bind(1, std::string_view(camera_id)).bind(2, std::int64_t{least.count()});
  insert->bind(3, std::string_view(detail));
  std::vector<std::int64_t> ids;
  for (;;) {
    auto row = insert->step();
    if (!row) return std::move(row).error();
    if (!*row) return ids;
    ids.push_back(insert->integer(0));
  }
}

Status SegmentIndex::join_ends(const std::string& camera_id, milliseconds least) {
  auto update = database_.connection().prepare(QueryType::update, R"sql(
UPDATE segments SET end_ms = seam.next_ms FROM (
  SELECT id, lead(boot) OVER w AS next_boot, lead(begin_ms) OVER w AS next_ms FROM (
    SELECT id, boot, begin_ms FROM segments WHERE camera = ?1
    UNION ALL SELECT NULL, boot, begin_ms FROM gaps WHERE camera = ?1)
  WINDOW w AS (ORDER BY boot, begin_ms)) AS seam
WHERE segments.id = seam.id AND segments.state IN (1, 2) AND seam.next_boot = segments.boot
  AND seam.next_ms <> segments.end_ms AND seam.next_ms > segments.begin_ms
  AND seam.next_ms BETWEEN segments.end_ms - 2000 AND segments.end_ms + ?2)sql");
  if (!update) return std::move(update).error();
  return update->bind(1, std::string_view(camera_id)).bind(2, std::int64_t{least.count()}).run();
}

Result<bool> SegmentIndex::is_followed(const Segment& segment) {
  if (segment.end_at <= segment.begin.at) return false;  // by itself
  auto select = database_.connection().prepare(QueryType::select, R"sql(
SELECT EXISTS (SELECT 1 FROM segments WHERE camera = ?1 AND boot = ?2 AND begin_ms = ?3)
    OR EXISTS (SELECT 1 FROM gaps WHERE camera = ?1 AND boot = ?2 AND begin_ms = ?3))sql");
  if (!select) return std::move(select).error();
  select->bind(1, std::string_view(segment.camera_id)).bind(2, segment.begin.boot);
  auto row = select->bind(3, std::int64_t{segment.end_at.count()}).step();
  if (!row) return std::move(row).error();
  return select->integer(0) != 0;
}

Status SegmentIndex::prune() {
  auto& connection = database_.connection();
  auto transaction = Transaction::begin(connection);
  if (!transaction) return std::move(transaction).error();
  for (const std::string_view sql :
       {"DELETE FROM spans WHERE (end_boot, end_ms) <= (SELECT s.boot, s.begin_ms FROM segments s "
        "ORDER BY s.boot, s.begin_ms LIMIT 1)",
        "DELETE FROM gaps WHERE (end_boot, end_ms) <= (SELECT s.boot, s.begin_ms FROM segments s "
        "ORDER BY s.boot, s.begin_ms LIMIT 1)"}) {
    auto remove = connection.prepare(QueryType::remove, sql);
    if (!remove) return std::move(remove).error();
    if (auto status = remove->run(); !status) return status;
  }
  return transaction->commit();
}

Result<SegmentIndex::LastRun> SegmentIndex::last_run() {
  auto select = database_.connection().prepare(QueryType::select, "SELECT ended, boot, alive_ms FROM run");
  if (!select) return std::move(select).error();
  auto row = select->step();
  if (!row) return std::move(row).error();
  if (!*row) return LastRun{};
  return LastRun{select->integer(0) != 0, BootMoment{select->integer(1), milliseconds(select->integer(2))}};
}

Result<std::optional<std::string>> SegmentIndex::volume_id() {
  auto select = database_.connection().prepare(QueryType::select, "SELECT id FROM volume");
  if (!select) return std::move(select).error();
  auto row = select->step();
  if (!row) return std::move(row).error();
  if (!*row) return std::optional<std::string>();
  return std::optional(select->text(0));
}

Status SegmentIndex::set_volume_id(const std::string& id) {
  auto insert = database_.connection().prepare(QueryType::insert,
                                               "INSERT OR REPLACE INTO volume (only_row, id) VALUES (1, ?1)");
  if (!insert) return std::move(insert).error();
  return insert->bind(1, std::string_view(id)).run();
}

}  // namespace porchlight::store
