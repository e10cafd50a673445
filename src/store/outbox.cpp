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
  return DeliveryState::pending;
}

// The order of the columns is the one that read_row() reads.
constexpr std::string_view select_pending = R"sql(
SELECT event_id, channel, sequence, type, label, payload, picture, traceparent, happened_ms, created_ms,
       next_attempt_ms, expires_ms, attempts, state
FROM outbox WHERE state = 'pending' ORDER BY event_id, sequence, channel LIMIT ?1)sql";

constexpr std::string_view select_pending_of_channel = R"sql(
SELECT event_id, channel, sequence, type, label, payload, picture, traceparent, happened_ms, created_ms,
       next_attempt_ms, expires_ms, attempts, state
FROM outbox WHERE state = 'pending' AND channel = ?2 ORDER BY event_id, sequence LIMIT ?1)sql";

constexpr std::string_view select_one = R"sql(
SELECT event_id, channel, sequence, type, label, payload, picture, traceparent, happened_ms, created_ms,
       next_attempt_ms, expires_ms, attempts, state
FROM outbox WHERE event_id = ?1 AND channel = ?2 AND sequence = ?3)sql";

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
  return out;
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

std::int64_t as_limit(std::size_t limit) {
  constexpr auto most = static_cast<std::size_t>(std::numeric_limits<std::int64_t>::max());
  return static_cast<std::int64_t>(limit < most ? limit : most);
}

}  // namespace

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
  }
  return "pending";
}

Status insert_rows(Database::Connection& connection, std::span<const OutboxRow> rows) {
  for (const auto& row : rows) {
    auto insert = connection.prepare(QueryType::insert, R"sql(
INSERT INTO outbox (event_id, channel, sequence, type, label, payload, picture, traceparent, happened_ms,
                    created_ms, next_attempt_ms, expires_ms, attempts, state)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, 'pending')
ON CONFLICT (event_id, channel, sequence) DO NOTHING)sql");
    if (!insert) return std::move(insert).error();
    const auto id = row.key.event_id.text();
    insert->bind(1, std::string_view(id)).bind(2, std::string_view(row.key.channel_id));
    insert->bind(3, std::int64_t{row.key.sequence}).bind(4, std::string_view(row.type));
    insert->bind(5, std::string_view(row.label)).bind(6, std::string_view(row.payload));
    insert->bind(7, std::int64_t{row.picture}).bind(8, std::string_view(row.traceparent));
    insert->bind(9, row.happened).bind(10, row.created).bind(11, row.next_attempt).bind(12, row.expires);
    insert->bind(13, std::int64_t{row.attempts});
    if (auto status = insert->run(); !status) return status;
  }
  return {};
}

Result<std::vector<OutboxRow>> Outbox::pending(std::string_view channel_id, std::size_t limit) {
  auto select = database_.connection().prepare(QueryType::select, select_pending_of_channel);
  if (!select) return std::move(select).error();
  select->bind(1, as_limit(limit)).bind(2, channel_id);
  return read_rows(*select);
}

Result<std::vector<OutboxRow>> Outbox::pending(std::size_t limit) {
  auto select = database_.connection().prepare(QueryType::select, select_pending);
  if (!select) return std::move(select).error();
  select->bind(1, as_limit(limit));
  return read_rows(*select);
}

Result<std::optional<OutboxRow>> Outbox::find(const RowKey& key) {
  auto select = database_.connection().prepare(QueryType::select, select_one);
  if (!select) return std::move(select).error();
  const auto id = key.event_id.text();
  select->bind(1, std::string_view(id))
      .bind(2, std::string_view(key.channel_id))
      .bind(3, std::int64_t{key.sequence});
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

Status Outbox::settle(const RowKey& key, DeliveryState state, std::uint32_t attempts, WallTime at) {
  {
    auto update = database_.connection().prepare(QueryType::update, R"sql(
UPDATE outbox SET state = ?4, attempts = ?5, settled_ms = ?6
WHERE event_id = ?1 AND channel = ?2 AND sequence = ?3 AND state = 'pending')sql");
    if (!update) return std::move(update).error();
    const auto id = key.event_id.text();
    update->bind(1, std::string_view(id))
        .bind(2, std::string_view(key.channel_id))
        .bind(3, std::int64_t{key.sequence});
    update->bind(4, to_string(state)).bind(5, std::int64_t{attempts}).bind(6, at);
    if (auto status = update->run(); !status) return status;
  }
  if (sqlite3_changes(database_.connection().handle) > 0) return {};
  return expect_row(key);
}

Status Outbox::mark_delivered(const RowKey& key, std::uint32_t attempts, WallTime at) {
  return settle(key, DeliveryState::delivered, attempts, at);
}

Status Outbox::mark_failed(const RowKey& key, std::uint32_t attempts, WallTime at) {
  return settle(key, DeliveryState::failed, attempts, at);
}

Status Outbox::mark_expired(const RowKey& key, std::uint32_t attempts, WallTime at) {
  return settle(key, DeliveryState::expired, attempts, at);
}

Status Outbox::mark_retry(const RowKey& key, std::uint32_t attempts, WallTime next_attempt) {
  {
    auto update = database_.connection().prepare(QueryType::update, R"sql(
UPDATE outbox SET attempts = ?4, next_attempt_ms = ?5
WHERE event_id = ?1 AND channel = ?2 AND sequence = ?3 AND state = 'pending')sql");
    if (!update) return std::move(update).error();
    const auto id = key.event_id.text();
    update->bind(1, std::string_view(id))
        .bind(2, std::string_view(key.channel_id))
        .bind(3, std::int64_t{key.sequence});
    update->bind(4, std::int64_t{attempts}).bind(5, next_attempt);
    if (auto status = update->run(); !status) return status;
  }
  if (sqlite3_changes(database_.connection().handle) > 0) return {};
  return expect_row(key);
}

Result<Outbox::Depth> Outbox::depth() {
  auto select = database_.connection().prepare(
      QueryType::select, "SELECT count(*), min(created_ms) FROM outbox WHERE state = 'pending'");
  if (!select) return std::move(select).error();
  auto row = select->step();
  if (!row) return std::move(row).error();
  Depth depth;
  depth.pending = static_cast<std::uint64_t>(select->integer(0));
  if (!select->is_null(1)) depth.oldest = select->time(1);
  return depth;
}

Result<std::map<std::string, Outbox::Depth>> Outbox::depth_by_channel() {
  auto select = database_.connection().prepare(
      QueryType::select,
      "SELECT channel, count(*), min(created_ms) FROM outbox WHERE state = 'pending' GROUP BY channel");
  if (!select) return std::move(select).error();
  std::map<std::string, Depth> depths;
  for (;;) {
    auto row = select->step();
    if (!row) return std::move(row).error();
    if (!*row) return depths;
    depths[select->text(0)] = {static_cast<std::uint64_t>(select->integer(1)), select->time(2)};
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
