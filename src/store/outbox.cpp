// SPDX-License-Identifier: Apache-2.0
#include "porchlight/store/outbox.hpp"

#include <limits>

#include "store/connection.hpp"
#include "store/outbox_rows.hpp"

namespace porchlight::store {
namespace {

DeliveryState state_of(std::string_view text) {
  if (text == "delivered") return DeliveryState::delivered;
  if (text == "failed") return DeliveryState::failed;
  if (text == "expired") return DeliveryState::expired;
  if (text == "cancelled") return DeliveryState::cancelled;
  return DeliveryState::pending;
}

Result<OutboxRow> read_row(const Statement& row) {
  OutboxRow out;
  const auto id = event::EventId::parse(row.text(0));
  if (!id) return Error(ErrorCode::corrupt, "read outbox: row has the broken event id '" + row.text(0) + "'");
  out.key = {*id, row.text(1), static_cast<std::uint32_t>(row.integer(2))};
  out.type = row.text(3);
  out.label = row.text(4);
  out.payload = row.text(5);
  out.picture = row.integer(6) != 0;
  out.traceparent = row.text(7);
  out.happened = row.time(8);
  out.created = row.time(9);
  out.next_attempt = row.time(10);
  out.expires = row.time(11);
  out.attempts = static_cast<std::uint32_t>(row.integer(12));
  out.state = state_of(row.text(13));
  if (!row.is_null(14)) out.settled = row.time(14);
  out.receipt = row.text(15);
  out.error = row.text(16);
  out.resent = static_cast<std::uint32_t>(row.integer(17));
  return out;
}

void bind_key(Statement& statement, const std::string& id, const RowKey& key) {
  statement.bind(1, std::string_view(id))
      .bind(2, std::string_view(key.channel_id))
      .bind(3, std::int64_t{key.sequence});
}

// What was tried before is late since it was made, what was not since it was to be.
constexpr std::string_view due_since =
    "min(CASE WHEN attempts > 0 THEN created_ms WHEN next_attempt_ms <= ?1 THEN next_attempt_ms END)";

Outbox::Depth depth_of(const Statement& row, int first) {
  Outbox::Depth depth;
  depth.pending = static_cast<std::uint64_t>(row.integer(first));
  if (!row.is_null(first + 1)) depth.oldest = row.time(first + 1);
  return depth;
}

void bind_or_null(Statement& statement, int at, std::string_view text) {
  if (text.empty())
    statement.bind_null(at);
  else
    statement.bind(at, text);
}

}  // namespace

std::string select_outbox(std::string_view columns, std::string_view rest) {
  return std::string("SELECT ").append(columns).append(" FROM outbox ").append(rest);
}

Result<std::vector<OutboxRow>> read_rows(Statement& statement) {
  std::vector<OutboxRow> rows;
  for (;;) {
    auto more = statement.step();
    if (!more) return std::move(more).error();
    if (!*more) return rows;
    auto row = read_row(statement);
    if (!row) return std::move(row).error();
    rows.push_back(std::move(*row));
  }
}

std::int64_t as_limit(std::size_t limit) noexcept {
  constexpr auto most = static_cast<std::size_t>(std::numeric_limits<std::int64_t>::max());
  return static_cast<std::int64_t>(limit < most ? limit : most);
}

std::string_view to_string(DeliveryState state) noexcept {
  switch (state) {
    case DeliveryState::pending:
      return "pending";
    case DeliveryState::delivered:
      return "delivered";
    case DeliveryState::failed:
      return "failed";
    case DeliveryState::expired:
      return "expired";
    case DeliveryState::cancelled:
      return "cancelled";
  }
  return "pending";
}

// A row may come settled: what became of it while the database could not be written.
Status insert_rows(Database::Connection& connection, std::span<const OutboxRow> rows) {
  for (const auto& row : rows) {
    auto insert = connection.prepare(QueryType::insert, R"sql(
INSERT INTO outbox (event_id, channel, sequence, type, label, payload, picture, traceparent, happened_ms,
                    created_ms, next_attempt_ms, expires_ms, attempts, state, settled_ms, receipt, error)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)
ON CONFLICT (event_id, channel, sequence) DO NOTHING)sql");
    if (!insert) return std::move(insert).error();
    const auto id = row.key.event_id.text();
    bind_key(*insert, id, row.key);
    insert->bind(4, std::string_view(row.type));
    insert->bind(5, std::string_view(row.label)).bind(6, std::string_view(row.payload));
    insert->bind(7, std::int64_t{row.picture}).bind(8, std::string_view(row.traceparent));
    insert->bind(9, row.happened).bind(10, row.created).bind(11, row.next_attempt).bind(12, row.expires);
    insert->bind(13, std::int64_t{row.attempts}).bind(14, to_string(row.state));
    if (row.state == DeliveryState::pending)
      insert->bind_null(15);
    else
      insert->bind(15, row.settled.value_or(row.created));
    bind_or_null(*insert, 16, row.receipt);
    bind_or_null(*insert, 17, row.error);
    if (auto status = insert->run(); !status) return status;
  }
  return {};
}

Result<std::vector<OutboxRow>> Outbox::pending(std::string_view channel_id, std::size_t limit, WallTime now) {
  static const auto sql = select_outbox(outbox_columns, R"sql(
WHERE state = 'pending' AND channel = ?2
ORDER BY next_attempt_ms > ?3, CASE WHEN next_attempt_ms > ?3 THEN 0 ELSE attempts > 0 END, next_attempt_ms,
         event_id, sequence LIMIT ?1)sql");
  auto select = database_.connection().prepare(QueryType::select, sql);
  if (!select) return std::move(select).error();
  select->bind(1, as_limit(limit)).bind(2, channel_id).bind(3, now);
  return read_rows(*select);
}

Result<std::vector<OutboxRow>> Outbox::pending(std::size_t limit) {
  static const auto sql =
      select_outbox(outbox_columns, "WHERE state = 'pending' ORDER BY event_id, sequence, channel LIMIT ?1");
  auto select = database_.connection().prepare(QueryType::select, sql);
  if (!select) return std::move(select).error();
  select->bind(1, as_limit(limit));
  return read_rows(*select);
}

Result<std::vector<OutboxRow>> Outbox::of_event(const event::EventId& id, std::string_view channel_id) {
  static const auto sql =
      select_outbox(outbox_columns, "WHERE event_id = ?1 AND channel = ?2 ORDER BY sequence");
  auto select = database_.connection().prepare(QueryType::select, sql);
  if (!select) return std::move(select).error();
  const auto text = id.text();
  select->bind(1, std::string_view(text)).bind(2, channel_id);
  return read_rows(*select);
}

Result<std::optional<OutboxRow>> Outbox::find(const RowKey& key) {
  static const auto sql =
      select_outbox(outbox_columns, "WHERE event_id = ?1 AND channel = ?2 AND sequence = ?3");
  auto select = database_.connection().prepare(QueryType::select, sql);
  if (!select) return std::move(select).error();
  const auto id = key.event_id.text();
  bind_key(*select, id, key);
  auto rows = read_rows(*select);
  if (!rows) return std::move(rows).error();
  if (rows->empty()) return std::optional<OutboxRow>();
  return std::optional<OutboxRow>(std::move(rows->front()));
}

Status Outbox::expect_row(const RowKey& key) {
  const auto row = find(key);
  if (!row) return row.error();
  if (*row) return {};
  return Error(ErrorCode::not_found, "settle message '" + key.event_id.text() + "' to channel '" +
                                         key.channel_id + "': no such outbox row");
}

Status Outbox::settle(const RowKey& key, DeliveryState state, std::uint32_t attempts, WallTime at,
                      std::string_view receipt, std::string_view error) {
  {
    auto update = database_.connection().prepare(QueryType::update, R"sql(
UPDATE outbox SET state = ?4, attempts = ?5, settled_ms = ?6, receipt = ?7,
                  error = CASE ?4 WHEN 'delivered' THEN NULL ELSE coalesce(?8, error) END
WHERE event_id = ?1 AND channel = ?2 AND sequence = ?3
  AND (state = 'pending' OR (state = 'cancelled' AND ?4 = 'delivered')))sql");
    if (!update) return std::move(update).error();
    const auto id = key.event_id.text();
    bind_key(*update, id, key);
    update->bind(4, to_string(state)).bind(5, std::int64_t{attempts}).bind(6, at);
    bind_or_null(*update, 7, receipt);
    bind_or_null(*update, 8, error);
    if (auto status = update->run(); !status) return status;
  }
  if (sqlite3_changes(database_.connection().handle) > 0) return {};
  return expect_row(key);
}

Status Outbox::mark_delivered(const RowKey& key, std::uint32_t attempts, WallTime at,
                              std::string_view receipt) {
  return settle(key, DeliveryState::delivered, attempts, at, receipt, {});
}

Status Outbox::mark_failed(const RowKey& key, std::uint32_t attempts, WallTime at, std::string_view error) {
  return settle(key, DeliveryState::failed, attempts, at, {}, error);
}

Status Outbox::mark_expired(const RowKey& key, std::uint32_t attempts, WallTime at) {
  return settle(key, DeliveryState::expired, attempts, at, {}, {});
}

Status Outbox::mark_cancelled(const RowKey& key, std::uint32_t attempts, WallTime at) {
  return settle(key, DeliveryState::cancelled, attempts, at, {}, {});
}

Status Outbox::mark_retry(const RowKey& key, std::uint32_t attempts, WallTime next_attempt,
                          std::string_view error) {
  {
    auto update = database_.connection().prepare(QueryType::update, R"sql(
UPDATE outbox SET attempts = ?4, next_attempt_ms = ?5, error = coalesce(?6, error)
WHERE event_id = ?1 AND channel = ?2 AND sequence = ?3 AND state = 'pending')sql");
    if (!update) return std::move(update).error();
    const auto id = key.event_id.text();
    bind_key(*update, id, key);
    update->bind(4, std::int64_t{attempts}).bind(5, next_attempt);
    bind_or_null(*update, 6, error);
    if (auto status = update->run(); !status) return status;
  }
  if (sqlite3_changes(database_.connection().handle) > 0) return {};
  return expect_row(key);
}

Result<std::vector<RowKey>> Outbox::cancel_escalations(const event::EventId& id, WallTime at) {
  // A row that was damaged must not keep the others: CASE looks at it first.
  auto update = database_.connection().prepare(QueryType::update, R"sql(
UPDATE outbox SET state = 'cancelled', settled_ms = ?2
WHERE event_id = ?1 AND state = 'pending' AND sequence >= ?3
  AND CASE WHEN json_valid(payload) THEN json_extract(payload, '$.escalation') IS 1 ELSE 0 END
RETURNING channel, sequence)sql");
  if (!update) return std::move(update).error();
  const auto text = id.text();
  update->bind(1, std::string_view(text)).bind(2, at).bind(3, std::int64_t{first_escalation});
  std::vector<RowKey> cancelled;
  for (;;) {
    auto row = update->step();
    if (!row) return std::move(row).error();
    if (!*row) return cancelled;
    cancelled.push_back({id, update->text(0), static_cast<std::uint32_t>(update->integer(1))});
  }
}

Result<std::vector<event::EventId>> Outbox::escalating(std::string_view type, std::string_view member,
                                                       std::string_view value) {
  auto select = database_.connection().prepare(QueryType::select, R"sql(
SELECT DISTINCT event_id FROM outbox WHERE state = 'pending' AND sequence >= ?1 AND type = ?2
  AND CASE WHEN json_valid(payload) THEN json_extract(payload, '$.escalation') IS 1
                                         AND json_extract(payload, '$.' || ?3) IS ?4 ELSE 0 END)sql");
  if (!select) return std::move(select).error();
  select->bind(1, std::int64_t{first_escalation}).bind(2, type).bind(3, member).bind(4, value);
  std::vector<event::EventId> events;
  for (;;) {
    auto row = select->step();
    if (!row) return std::move(row).error();
    if (!*row) return events;
    const auto id = event::EventId::parse(select->text(0));
    if (id) events.push_back(*id);
  }
}

Result<Outbox::Depth> Outbox::depth(WallTime now) {
  auto select = database_.connection().prepare(
      QueryType::select,
      std::string("SELECT count(*), ").append(due_since).append(" FROM outbox WHERE state = 'pending'"));
  if (!select) return std::move(select).error();
  select->bind(1, now);
  auto row = select->step();
  if (!row) return std::move(row).error();
  return depth_of(*select, 0);
}

Result<std::map<std::string, Outbox::Depth>> Outbox::depth_by_channel(WallTime now) {
  auto select = database_.connection().prepare(
      QueryType::select, std::string("SELECT channel, count(*), ")
                             .append(due_since)
                             .append(" FROM outbox WHERE state = 'pending' GROUP BY channel"));
  if (!select) return std::move(select).error();
  select->bind(1, now);
  std::map<std::string, Depth> depths;
  for (;;) {
    auto row = select->step();
    if (!row) return std::move(row).error();
    if (!*row) return depths;
    depths[select->text(0)] = depth_of(*select, 1);
  }
}

Result<std::uint64_t> Outbox::prune(WallTime before) {
  {
    auto remove = database_.connection().prepare(
        QueryType::remove, "DELETE FROM outbox WHERE state <> 'pending' AND created_ms < ?1");
    if (!remove) return std::move(remove).error();
    if (auto status = remove->bind(1, before).run(); !status) return std::move(status).error();
  }
  return static_cast<std::uint64_t>(sqlite3_changes(database_.connection().handle));
}

}  // namespace porchlight::store
