// SPDX-License-Identifier: Apache-2.0
#include "porchlight/store/alert_log.hpp"

#include <set>

#include "store/connection.hpp"

namespace porchlight::store {
namespace {

std::string_view status_of(const event::Alert& alert) {
  return alert.firing ? "firing" : "resolved";
}

}  // namespace

Status AlertLog::note(const ReceivedAlert& received, WallTime now) {
  auto insert = database_.connection().prepare(QueryType::insert, R"sql(
INSERT INTO alerts (fingerprint, status, starts_ms, seen_ms, event_id) VALUES (?1, ?2, ?3, ?4, ?5)
ON CONFLICT (fingerprint, status, starts_ms) DO UPDATE SET seen_ms = ?4)sql");
  if (!insert) return std::move(insert).error();
  const auto id = received.alert.header.id.text();
  insert->bind(1, std::string_view(received.alert.fingerprint)).bind(2, status_of(received.alert));
  insert->bind(3, received.starts).bind(4, now).bind(5, std::string_view(id));
  return insert->run();
}

Result<std::vector<event::Alert>> AlertLog::untold(const std::vector<ReceivedAlert>& alerts) {
  std::vector<event::Alert> fresh;
  std::set<std::string> seen;  // one notification may name an alert twice
  for (const auto& [alert, starts] : alerts) {
    auto select = database_.connection().prepare(QueryType::select, R"sql(
SELECT event_id FROM alerts WHERE fingerprint = ?1 AND status = ?2 AND starts_ms = ?3
AND NOT EXISTS (SELECT 1 FROM events WHERE id = event_id))sql");
    if (!select) return std::move(select).error();
    select->bind(1, std::string_view(alert.fingerprint)).bind(2, status_of(alert)).bind(3, starts);
    auto row = select->step();
    if (!row) return std::move(row).error();
    if (!*row) continue;
    const auto id = event::EventId::parse(select->text(0));
    if (!id) return Error(ErrorCode::corrupt, "read alerts: a row has a broken event id");
    if (!seen.insert(id->text()).second) continue;
    fresh.push_back(alert);
    fresh.back().header.id = *id;
  }
  return fresh;
}

Result<std::vector<event::Alert>> AlertLog::take(const std::vector<ReceivedAlert>& alerts, WallTime now) {
  auto transaction = Transaction::begin(database_.connection());
  if (!transaction) return std::move(transaction).error().context("take alerts");
  for (const auto& received : alerts)
    if (auto status = note(received, now); !status) return std::move(status).error().context("take alerts");
  auto fresh = untold(alerts);
  if (!fresh) return std::move(fresh).error().context("take alerts");
  if (auto status = transaction->commit(); !status) return std::move(status).error().context("take alerts");
  return fresh;
}

Result<std::uint64_t> AlertLog::prune(WallTime before) {
  {
    auto remove = database_.connection().prepare(QueryType::remove, "DELETE FROM alerts WHERE seen_ms < ?1");
    if (!remove) return std::move(remove).error();
    if (auto status = remove->bind(1, before).run(); !status) return std::move(status).error();
  }
  return static_cast<std::uint64_t>(sqlite3_changes(database_.connection().handle));
}

}  // namespace porchlight::store
