// SPDX-License-Identifier: Apache-2.0
#include "porchlight/store/event_log.hpp"

#include <nlohmann/json.hpp>

#include "store/connection.hpp"
#include "store/event_rows.hpp"
#include "store/outbox_rows.hpp"

namespace porchlight::store {
namespace {

std::string json_of(const event::Event& event, std::optional<std::chrono::milliseconds> picture_age) {
  auto text = event::to_json(event);
  if (!picture_age) return text;
  auto object = nlohmann::json::parse(text);
  object["picture_age_ms"] = picture_age->count();
  return object.dump();
}

Status insert_event(Database::Connection& connection, const event::Event& event, const std::string& json) {
  auto insert = connection.prepare(QueryType::insert, R"sql(
INSERT INTO events (id, type, at_ms, camera, json) VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (id) DO NOTHING)sql");
  if (!insert) return std::move(insert).error();
  const auto& header = event::header_of(event);
  const auto id = header.id.text();
  const auto camera = event::camera_of(event);
  insert->bind(1, std::string_view(id)).bind(2, event::type_of(event)).bind(3, header.at);
  insert->bind(4, std::string_view(camera)).bind(5, std::string_view(json));
  return insert->run();
}

// An event that is there already stays what it was, and so does the number of its change.
Status number_event(Database::Connection& connection, const std::string& id) {
  auto insert = connection.prepare(QueryType::insert,
                                   "INSERT INTO event_changes (event_id) VALUES (?1) ON CONFLICT DO NOTHING");
  if (!insert) return std::move(insert).error();
  return insert->bind(1, std::string_view(id)).run();
}

Status insert(Database::Connection& connection, const event::Event& event, const std::string& json,
              std::span<const OutboxRow> rows) {
  if (auto status = insert_event(connection, event, json); !status) return status;
  if (auto status = number_event(connection, event::header_of(event).id.text()); !status) return status;
  return insert_rows(connection, rows);
}

Status set_snapshot(Database::Connection& connection, const std::string& id, const std::string& snapshot) {
  auto update = connection.prepare(QueryType::update, "UPDATE events SET snapshot = ?2 WHERE id = ?1");
  if (!update) return std::move(update).error();
  if (auto status = update->bind(1, std::string_view(id)).bind(2, std::string_view(snapshot)).run(); !status)
    return status;
  return number_again(connection, id);
}

Status set_json(Database::Connection& connection, const std::string& id, const std::string& json) {
  auto update = connection.prepare(QueryType::update, "UPDATE events SET json = ?2 WHERE id = ?1");
  if (!update) return std::move(update).error();
  if (auto status = update->bind(1, std::string_view(id)).bind(2, std::string_view(json)).run(); !status)
    return status;
  return number_again(connection, id);
}

Result<bool> is_logged(Database::Connection& connection, const std::string& id) {
  auto select = connection.prepare(QueryType::select, "SELECT 1 FROM events WHERE id = ?1");
  if (!select) return std::move(select).error();
  return select->bind(1, std::string_view(id)).step();
}

Result<std::vector<LoggedEvent>> select_events(Database& database, std::string_view sql,
                                               const std::string& id, std::size_t limit) {
  auto select = database.connection().prepare(QueryType::select, sql);
  if (!select) return std::move(select).error();
  select->bind(1, std::string_view(id)).bind(2, static_cast<std::int64_t>(limit));
  return read_events(*select);
}

}  // namespace

Status number_again(Database::Connection& connection, const std::string& id) {
  auto replace =
      connection.prepare(QueryType::update, "INSERT OR REPLACE INTO event_changes (event_id) VALUES (?1)");
  if (!replace) return std::move(replace).error();
  return replace->bind(1, std::string_view(id)).run();
}

Status EventLog::append(const event::Event& event, std::span<const OutboxRow> rows,
                        std::optional<std::chrono::milliseconds> picture_age) {
  auto& connection = database_.connection();
  const auto json = json_of(event, picture_age);
  auto transaction = Transaction::begin(connection);
  if (!transaction) return std::move(transaction).error().context("append event");
  if (auto status = insert(connection, event, json, rows); !status)
    return std::move(status).error().context("append event");
  if (auto status = transaction->commit(); !status) return std::move(status).error().context("append event");
  return {};
}

Status EventLog::rehearse(const event::Event& event, std::span<const OutboxRow> rows) {
  auto& connection = database_.connection();
  const auto transaction = Transaction::begin(connection);  // rolled back at the end
  if (!transaction) return Error(transaction.error()).context("rehearse event");
  if (auto status = insert(connection, event, json_of(event, std::nullopt), rows); !status)
    return std::move(status).error().context("rehearse event");
  return {};
}

Status EventLog::amend(const event::EventId& id, std::optional<std::string> snapshot,
                       std::span<const OutboxRow> rows) {
  auto& connection = database_.connection();
  const auto text = id.text();
  auto transaction = Transaction::begin(connection);
  if (!transaction) return std::move(transaction).error().context("amend event");
  const auto logged = is_logged(connection, text);
  if (!logged) return logged.error();
  if (!*logged) return Error(ErrorCode::not_found, "amend event '" + text + "': it is not in the log");
  if (snapshot)
    if (auto status = set_snapshot(connection, text, *snapshot); !status)
      return std::move(status).error().context("amend event");
  if (auto status = insert_rows(connection, rows); !status)
    return std::move(status).error().context("amend event");
  if (auto status = transaction->commit(); !status) return std::move(status).error().context("amend event");
  return {};
}

Status EventLog::complete(const event::Event& event) {
  auto& connection = database_.connection();
  const auto text = event::header_of(event).id.text();
  auto transaction = Transaction::begin(connection);
  if (!transaction) return std::move(transaction).error().context("complete event");
  const auto logged = is_logged(connection, text);
  if (!logged) return logged.error();
  if (!*logged) return Error(ErrorCode::not_found, "complete event '" + text + "': it is not in the log");
  if (auto status = set_json(connection, text, event::to_json(event)); !status)
    return std::move(status).error().context("complete event");
  if (auto status = transaction->commit(); !status)
    return std::move(status).error().context("complete event");
  return {};
}

Result<std::optional<LoggedEvent>> EventLog::find(const event::EventId& id) {
  auto found = select_events(
      database_, "SELECT id, type, at_ms, camera, json, snapshot FROM events WHERE id = ?1 LIMIT ?2",
      id.text(), 1);
  if (!found) return std::move(found).error();
  if (found->empty()) return std::optional<LoggedEvent>();
  return std::optional<LoggedEvent>(std::move(found->front()));
}

Result<std::vector<LoggedEvent>> EventLog::newest(std::size_t limit, std::optional<event::EventId> before) {
  // `~` sorts after every hex digit.
  return select_events(
      database_,
      "SELECT id, type, at_ms, camera, json, snapshot FROM events WHERE id < ?1 ORDER BY id DESC LIMIT ?2",
      before ? before->text() : "~", limit);
}

Result<std::vector<LoggedEvent>> EventLog::page(std::size_t limit, std::optional<event::EventId> after) {
  return select_events(
      database_,
      "SELECT id, type, at_ms, camera, json, snapshot FROM events WHERE id > ?1 ORDER BY id LIMIT ?2",
      after ? after->text() : "", limit);
}

Result<std::uint64_t> EventLog::count() {
  const auto rows = database_.connection().scalar(QueryType::select, "SELECT count(*) FROM events");
  if (!rows) return rows.error();
  return static_cast<std::uint64_t>(*rows);
}

}  // namespace porchlight::store
