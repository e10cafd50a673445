// SPDX-License-Identifier: Apache-2.0
// What people see and do of the outbox: what did not arrive, and sending it again.
#include "porchlight/store/outbox.hpp"
#include "store/connection.hpp"
#include "store/outbox_rows.hpp"

namespace porchlight::store {
namespace {

constexpr std::string_view matching = R"sql(
(?1 IS NULL OR event_id = ?1) AND (?2 IS NULL OR sequence = ?2) AND (?3 IS NULL OR channel = ?3)
AND (?4 IS NULL OR settled_ms <= ?4))sql";
// As the partial indexes have them, so that they serve.
constexpr std::string_view that_are_dead = " AND state IN ('failed', 'expired') ";
constexpr std::string_view that_wait = " AND state = 'pending' ";

std::string list_sql(std::string_view state) {
  return select_outbox(outbox_columns_for_people, std::string("WHERE ").append(matching).append(state).append(
                                                      " ORDER BY event_id DESC, sequence, channel LIMIT ?5"));
}

const std::string& list_sql(OutboxFilter::State state) {
  static const auto dead = list_sql(that_are_dead);
  static const auto pending = list_sql(that_wait);
  static const auto all = list_sql(std::string_view());
  switch (state) {
    case OutboxFilter::State::dead:
      return dead;
    case OutboxFilter::State::pending:
      return pending;
    case OutboxFilter::State::all:
      break;
  }
  return all;
}

// `id` is borrowed by the statement.
void bind_filter(Statement& statement, const OutboxFilter& which, const std::string& id) {
  if (which.event_id)
    statement.bind(1, std::string_view(id));
  else
    statement.bind_null(1);
  if (which.sequence)
    statement.bind(2, std::int64_t{*which.sequence});
  else
    statement.bind_null(2);
  if (which.channel_id.empty())
    statement.bind_null(3);
  else
    statement.bind(3, std::string_view(which.channel_id));
  if (which.settled_by)
    statement.bind(4, *which.settled_by);
  else
    statement.bind_null(4);
}

std::string text_of(const OutboxFilter& which) {
  return which.event_id ? which.event_id->text() : std::string();
}

// The lifetime is what it was at first; age and the time of keeping count from now.
Status make_pending(Database::Connection& connection, const RowKey& key, WallTime now) {
  auto update = connection.prepare(QueryType::update, R"sql(
UPDATE outbox SET state = 'pending', settled_ms = NULL, attempts = 0, next_attempt_ms = ?4,
                  expires_ms = ?4 + (expires_ms - created_ms), created_ms = ?4, resent = resent + 1
WHERE event_id = ?1 AND channel = ?2 AND sequence = ?3 AND state IN ('failed', 'expired'))sql");
  if (!update) return std::move(update).error();
  const auto id = key.event_id.text();
  update->bind(1, std::string_view(id)).bind(2, std::string_view(key.channel_id));
  return update->bind(3, std::int64_t{key.sequence}).bind(4, now).run();
}

}  // namespace

Result<std::vector<OutboxRow>> Outbox::list(const OutboxFilter& which) {
  auto select = database_.connection().prepare(QueryType::select, list_sql(which.state));
  if (!select) return std::move(select).error();
  const auto id = text_of(which);
  bind_filter(*select, which, id);
  select->bind(5, as_limit(which.limit));
  return read_rows(*select);
}

Result<std::map<std::string, std::uint64_t>> Outbox::dead_by_channel(const OutboxFilter& which) {
  static const auto sql = std::string("SELECT channel, count(*) FROM outbox WHERE ")
                              .append(matching)
                              .append(that_are_dead)
                              .append(" GROUP BY channel");
  auto select = database_.connection().prepare(QueryType::select, sql);
  if (!select) return std::move(select).error();
  const auto id = text_of(which);
  bind_filter(*select, which, id);
  std::map<std::string, std::uint64_t> counts;
  for (;;) {
    auto row = select->step();
    if (!row) return std::move(row).error();
    if (!*row) return counts;
    counts[select->text(0)] = static_cast<std::uint64_t>(select->integer(1));
  }
}

Result<Resent> Outbox::resend(const OutboxFilter& which, const std::set<std::string>& channels,
                              WallTime now) {
  auto transaction = Transaction::begin(database_.connection());
  if (!transaction) return std::move(transaction).error().context("send again");
  const auto counts = dead_by_channel(which);
  if (!counts) return counts.error();
  Resent resent;
  std::uint64_t wanted = 0;
  for (const auto& [channel, count] : *counts) {
    if (!channels.contains(channel)) {
      resent.without_channel += count;
      continue;
    }
    wanted += count;
    auto dead = which;
    dead.state = OutboxFilter::State::dead;
    dead.channel_id = channel;
    dead.limit = which.limit - resent.rows.size();
    auto rows = list(dead);
    if (!rows) return std::move(rows).error();
    for (auto& row : *rows) resent.rows.push_back(std::move(row.key));
  }
  for (const auto& key : resent.rows)
    if (auto status = make_pending(database_.connection(), key, now); !status)
      return std::move(status).error().context("send again");
  if (auto status = transaction->commit(); !status) return std::move(status).error().context("send again");
  resent.more = wanted > resent.rows.size();
  return resent;
}

Result<std::uint64_t> Outbox::expire_abandoned(std::string_view channel_id, WallTime now) {
  {
    auto update = database_.connection().prepare(QueryType::update, R"sql(
UPDATE outbox SET state = 'expired', settled_ms = ?2
WHERE state = 'pending' AND channel = ?1 AND expires_ms <= ?2)sql");
    if (!update) return std::move(update).error();
    if (auto status = update->bind(1, channel_id).bind(2, now).run(); !status)
      return std::move(status).error();
  }
  return static_cast<std::uint64_t>(sqlite3_changes(database_.connection().handle));
}

}  // namespace porchlight::store
