// SPDX-License-Identifier: Apache-2.0
// What is written while footage comes in.
#include "porchlight/store/segment_index.hpp"

#include "store/footage_schema.hpp"
#include "store/segment_rows.hpp"

namespace porchlight::store {
namespace {

std::int64_t as_number(std::uint64_t value) {
  return static_cast<std::int64_t>(value);
}

Error no_row(std::string_view doing, const std::string& file) {
  return {ErrorCode::not_found, std::string(doing) + " segment '" + file + "': the index has no such row"};
}

Status grow_row(Database::Connection& connection, const SegmentIndex::Growth& grown) {
  // A file that ended meanwhile knows better.
  auto update = connection.prepare(QueryType::update, R"sql(
UPDATE segments SET end_ms = max(begin_ms, ?2), bytes = ?3, frames = ?4 WHERE file = ?1 AND state = 0)sql");
  if (!update) return std::move(update).error();
  update->bind(1, std::string_view(grown.file)).bind(2, std::int64_t{grown.end_at.count()});
  return update->bind(3, as_number(grown.bytes)).bind(4, as_number(grown.frames)).run();
}

Status write_run(Database::Connection& connection, bool ended, const BootMoment& now) {
  auto insert = connection.prepare(QueryType::insert,
                                   "INSERT OR REPLACE INTO run (only_row, ended, boot, alive_ms) "
                                   "VALUES (1, ?1, ?2, ?3)");
  if (!insert) return std::move(insert).error();
  return insert->bind(1, std::int64_t{ended}).bind(2, now.boot).bind(3, std::int64_t{now.at.count()}).run();
}

Result<std::int64_t> insert_gap(Database::Connection& connection, const Gap& gap) {
  auto insert = connection.prepare(QueryType::insert, R"sql(
INSERT INTO gaps (camera, cause, detail, boot, begin_ms, end_boot, end_ms)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7))sql");
  if (!insert) return std::move(insert).error();
  insert->bind(1, std::string_view(gap.camera_id)).bind(2, event::to_string(gap.cause));
  insert->bind(3, std::string_view(gap.detail)).bind(4, gap.begin.boot);
  insert->bind(5, std::int64_t{gap.begin.at.count()});
  if (gap.end)
    insert->bind(6, gap.end->boot).bind(7, std::int64_t{gap.end->at.count()});
  else
    insert->bind_null(6).bind_null(7);
  if (auto status = insert->run(); !status) return std::move(status).error();
  return sqlite3_last_insert_rowid(connection.handle);
}

// Opening looks at the pages; whether tables and their indexes say the same takes some ten times as long, and
// shows a flipped bit.
Status check_indexes(Database::Connection& connection) {
  constexpr std::int64_t largest_checked = 64 << 20;
  const auto pages = connection.scalar(QueryType::maintenance, "PRAGMA page_count");
  if (!pages) return pages.error();
  const auto page_size = connection.scalar(QueryType::maintenance, "PRAGMA page_size");
  if (!page_size) return page_size.error();
  if (*pages * *page_size > largest_checked) return {};
  auto check = connection.prepare(QueryType::maintenance, "PRAGMA integrity_check(1)");
  if (!check) return std::move(check).error();
  auto row = check->step();
  if (!row) return std::move(row).error();
  if (*row && check->text(0) == "ok") return {};
  return connection.error("check", SQLITE_CORRUPT);
}

// The same statement for each of many ids, in one transaction.
Status for_each_id(Database::Connection& connection, QueryType type, std::string_view sql,
                   const std::vector<std::int64_t>& ids) {
  if (ids.empty()) return {};
  auto transaction = Transaction::begin(connection);
  if (!transaction) return std::move(transaction).error();
  for (const auto id : ids) {
    auto statement = connection.prepare(type, sql);
    if (!statement) return std::move(statement).error();
    if (auto status = statement->bind(1, id).run(); !status) return status;
  }
  return transaction->commit();
}

}  // namespace

Result<std::unique_ptr<Database>> SegmentIndex::open(const std::filesystem::path& file,
                                                     const DatabaseOptions& options,
                                                     telemetry::Metrics* metrics) {
  auto database = Database::open(file, options, metrics, footage_migrations);
  if (!database || options.mode == OpenMode::read_only) return database;
  if (auto status = check_indexes((*database)->connection()); !status) return std::move(status).error();
  return database;
}

Result<std::int64_t> SegmentIndex::begin(const Segment& segment) {
  auto& connection = database_.connection();
  auto insert = connection.prepare(QueryType::insert, R"sql(
INSERT INTO segments (camera, file, state, boot, begin_ms, end_ms, bytes, frames, crc, codec, audio_codec, width,
                      height, is_protected, of_event)
SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14,
       EXISTS (SELECT 1 FROM spans p WHERE p.camera = ?1 AND (p.end_boot, p.end_ms) > (?4, ?5)
               AND (p.boot, p.begin_ms) < (?4, ?6)))sql");
  if (!insert) return std::move(insert).error();
  const auto end = std::max(segment.begin.at, segment.end_at);
  insert->bind(1, std::string_view(segment.camera_id)).bind(2, std::string_view(segment.file));
  insert->bind(3, std::int64_t{static_cast<int>(segment.state)}).bind(4, segment.begin.boot);
  insert->bind(5, std::int64_t{segment.begin.at.count()}).bind(6, std::int64_t{end.count()});
  insert->bind(7, as_number(segment.bytes)).bind(8, as_number(segment.frames));
  insert->bind(9, std::int64_t{segment.crc}).bind(10, std::string_view(segment.codec));
  insert->bind(11, std::string_view(segment.audio_codec)).bind(12, std::int64_t{segment.width});
  insert->bind(13, std::int64_t{segment.height}).bind(14, std::int64_t{segment.is_protected});
  if (auto status = insert->run(); !status) return std::move(status).error();
  return sqlite3_last_insert_rowid(connection.handle);
}

Status SegmentIndex::grow(const std::vector<Growth>& grown, const std::optional<BootMoment>& alive) {
  auto& connection = database_.connection();
  auto transaction = Transaction::begin(connection);
  if (!transaction) return std::move(transaction).error();
  for (const auto& one : grown)
    if (auto status = grow_row(connection, one); !status) return status;
  if (alive)
    if (auto status = write_run(connection, false, *alive); !status) return status;
  return transaction->commit();
}

Status SegmentIndex::finish(const Segment& segment) {
  static const std::string mark =
      "UPDATE segments SET of_event = " + std::string(is_of_event) + " WHERE file = ?1";
  auto& connection = database_.connection();
  auto transaction = Transaction::begin(connection);
  if (!transaction) return std::move(transaction).error();
  {
    auto update = connection.prepare(
        QueryType::update,
        "UPDATE segments SET state = ?2, end_ms = max(begin_ms, ?3), bytes = ?4, frames = ?5, crc = ?6 "
        "WHERE file = ?1");
    if (!update) return std::move(update).error();
    update->bind(1, std::string_view(segment.file));
    update->bind(2, std::int64_t{static_cast<int>(segment.state)});
    update->bind(3, std::int64_t{segment.end_at.count()}).bind(4, as_number(segment.bytes));
    update->bind(5, as_number(segment.frames)).bind(6, std::int64_t{segment.crc});
    if (auto status = update->run(); !status) return status;
    if (sqlite3_changes(connection.handle) == 0) return no_row("finish", segment.file);
  }
  {
    auto update = connection.prepare(QueryType::update, mark);
    if (!update) return std::move(update).error();
    if (auto status = update->bind(1, std::string_view(segment.file)).run(); !status) return status;
  }
  // What is on the medium may turn out to be more than the index knew when a gap began.
  const auto row = segment_of_file(segment.file);
  if (!row) return row.error();
  if (*row)
    if (auto status = make_way(**row); !status) return status;
  return transaction->commit();
}

Status SegmentIndex::protect(std::int64_t id, bool is_protected) {
  auto& connection = database_.connection();
  auto update = connection.prepare(QueryType::update,
                                   "UPDATE segments SET is_protected = ?2 WHERE id = ?1 AND state <> 3");
  if (!update) return std::move(update).error();
  if (auto status = update->bind(1, id).bind(2, std::int64_t{is_protected}).run(); !status) return status;
  if (sqlite3_changes(connection.handle) == 0) return no_row("protect", std::to_string(id));
  return {};
}

// What is being written cannot go.
Status SegmentIndex::begin_delete(const std::vector<std::int64_t>& ids) {
  return for_each_id(database_.connection(), QueryType::update,
                     "UPDATE segments SET state = 3 WHERE id = ?1 AND state IN (1, 2)", ids);
}

Status SegmentIndex::end_delete(const std::vector<std::int64_t>& ids) {
  return for_each_id(database_.connection(), QueryType::remove,
                     "DELETE FROM segments WHERE id = ?1 AND state = 3", ids);
}

Result<std::int64_t> SegmentIndex::replace_by_gap(std::int64_t id, const Gap& gap) {
  auto& connection = database_.connection();
  auto transaction = Transaction::begin(connection);
  if (!transaction) return std::move(transaction).error();
  auto inserted = insert_gap(connection, gap);
  if (!inserted) return inserted;
  {
    auto remove = connection.prepare(QueryType::remove, "DELETE FROM segments WHERE id = ?1");
    if (!remove) return std::move(remove).error();
    if (auto status = remove->bind(1, id).run(); !status) return std::move(status).error();
  }
  if (auto status = transaction->commit(); !status) return std::move(status).error();
  return inserted;
}

Result<std::int64_t> SegmentIndex::begin_gap(const Gap& gap) {
  return insert_gap(database_.connection(), gap);
}

Status SegmentIndex::end_gap(std::int64_t id, const BootMoment& end) {
  auto& connection = database_.connection();
  auto update =
      connection.prepare(QueryType::update, "UPDATE gaps SET end_boot = ?2, end_ms = ?3 WHERE id = ?1");
  if (!update) return std::move(update).error();
  if (auto status = update->bind(1, id).bind(2, end.boot).bind(3, std::int64_t{end.at.count()}).run();
      !status)
    return status;
  if (sqlite3_changes(connection.handle) == 0)
    return Error(ErrorCode::not_found, "end gap " + std::to_string(id) + ": the index has no such row");
  return {};
}

// What the span covered before is judged anew, too.
Status SegmentIndex::keep_span(const EventSpan& span) {
  static const std::string judge =
      "UPDATE segments SET of_event = " + std::string(is_of_event) +
      " WHERE camera = ?1 AND boot BETWEEN ?2 AND ?4 AND (boot, end_ms) > (?2, ?3) "
      "AND (boot, begin_ms) < (?4, ?5)";
  auto& connection = database_.connection();
  auto transaction = Transaction::begin(connection);
  if (!transaction) return std::move(transaction).error();
  const auto id = span.event.text();
  auto begin = span.begin;
  auto end = span.end;
  {
    auto select = connection.prepare(QueryType::select,
                                     "SELECT boot, begin_ms, end_boot, end_ms FROM spans "
                                     "WHERE event = ?1 AND camera = ?2");
    if (!select) return std::move(select).error();
    auto row = select->bind(1, std::string_view(id)).bind(2, std::string_view(span.camera_id)).step();
    if (!row) return std::move(row).error();
    if (*row) {
      begin = std::min(begin, BootMoment{select->integer(0), std::chrono::milliseconds(select->integer(1))});
      end = std::max(end, BootMoment{select->integer(2), std::chrono::milliseconds(select->integer(3))});
    }
  }
  {
    auto insert = connection.prepare(QueryType::insert, R"sql(
INSERT OR REPLACE INTO spans (event, camera, boot, begin_ms, end_boot, end_ms)
VALUES (?1, ?2, ?3, ?4, ?5, ?6))sql");
    if (!insert) return std::move(insert).error();
    insert->bind(1, std::string_view(id)).bind(2, std::string_view(span.camera_id));
    insert->bind(3, span.begin.boot).bind(4, std::int64_t{span.begin.at.count()});
    insert->bind(5, span.end.boot).bind(6, std::int64_t{span.end.at.count()});
    if (auto status = insert->run(); !status) return status;
  }
  {
    auto update = connection.prepare(QueryType::update, judge);
    if (!update) return std::move(update).error();
    update->bind(1, std::string_view(span.camera_id)).bind(2, begin.boot);
    update->bind(3, std::int64_t{begin.at.count()});
    update->bind(4, end.boot).bind(5, std::int64_t{end.at.count()});
    if (auto status = update->run(); !status) return status;
  }
  return transaction->commit();
}

Status SegmentIndex::begin_run(const BootMoment& now) {
  return write_run(database_.connection(), false, now);
}

Status SegmentIndex::end_run(const BootMoment& now) {
  return write_run(database_.connection(), true, now);
}

}  // namespace porchlight::store
