// SPDX-License-Identifier: Apache-2.0
// What the audit log keeps in the database: anchors, and the personal values its records commit to.
#include "store/audit_values.hpp"

#include <chrono>

#include "porchlight/event/id.hpp"
#include "porchlight/store/audit_anchor.hpp"
#include "porchlight/store/audit_page.hpp"
#include "store/audit_record.hpp"
#include "store/connection.hpp"

namespace porchlight::store {
namespace {

constexpr std::size_t salt_size = 32;

Result<std::string> known_commitment(Database::Connection& connection, std::string_view value) {
  auto select = connection.prepare(QueryType::select, "SELECT commitment FROM audit_values WHERE value = ?1");
  if (!select) return std::move(select).error();
  auto row = select->bind(1, value).step();
  if (!row) return std::move(row).error();
  return *row ? select->text(0) : std::string();
}

Status keep(Database::Connection& connection, const std::string& commitment, const std::string& salt,
            std::string_view value) {
  auto insert = connection.prepare(QueryType::insert, R"sql(
INSERT INTO audit_values (commitment, salt, value, created_ms) VALUES (?1, ?2, ?3, ?4)
ON CONFLICT (value) DO NOTHING)sql");
  if (!insert) return std::move(insert).error();
  return insert->bind(1, std::string_view(commitment))
      .bind(2, std::as_bytes(std::span(salt)))
      .bind(3, value)
      .bind(4, std::chrono::system_clock::now())
      .run();
}

}  // namespace

Result<std::string> commit_to_value(Database* database, std::string_view value) {
  if (database != nullptr) {
    auto known = known_commitment(database->connection(), value);
    if (!known || !known->empty()) return known;
  }
  std::string salt(salt_size, '\0');
  event::fill_random(salt.data(), salt.size());
  auto commitment = audit_hash({}, salt + std::string(value));
  if (database == nullptr) return commitment;
  if (auto status = keep(database->connection(), commitment, salt, value); !status)
    return std::move(status).error();
  // Another process may have been first.
  return known_commitment(database->connection(), value);
}

Result<std::string> read_audit_value(Database& database, std::string_view commitment) {
  auto select = database.connection().prepare(QueryType::select,
                                              "SELECT value FROM audit_values WHERE commitment = ?1");
  if (!select) return std::move(select).error();
  auto row = select->bind(1, commitment).step();
  if (!row) return std::move(row).error();
  return *row ? select->text(0) : std::string();
}

Result<std::string> audit_reference_to(Database& database, std::string_view value) {
  auto known = known_commitment(database.connection(), value);
  if (known && !known->empty()) return "commitment:" + *known;
  return known;
}

Result<bool> erase_audit_value(Database& database, std::string_view value) {
  auto& connection = database.connection();
  {
    auto remove = connection.prepare(QueryType::remove, "DELETE FROM audit_values WHERE value = ?1");
    if (!remove) return std::move(remove).error();
    if (auto status = remove->bind(1, value).run(); !status)
      return std::move(status).error().context("erase a value of the audit log");
  }
  const bool was_there = sqlite3_changes(connection.handle) > 0;
  if (auto status = empty_write_ahead_log(connection); !status) return std::move(status).error();
  return was_there;
}

Result<std::vector<AuditAnchor>> read_audit_anchors(Database& database) {
  auto select = database.connection().prepare(QueryType::select,
                                              "SELECT record, hash FROM audit_anchors ORDER BY record");
  if (!select) return std::move(select).error();
  std::vector<AuditAnchor> anchors;
  for (;;) {
    auto row = select->step();
    if (!row) return std::move(row).error();
    if (!*row) return anchors;
    anchors.push_back({static_cast<std::uint64_t>(select->integer(0)), select->text(1), "database"});
  }
}

Status write_audit_anchor(Database& database, const AuditAnchor& anchor, WallTime at,
                          std::string_view reason) {
  auto insert = database.connection().prepare(QueryType::insert, R"sql(
INSERT INTO audit_anchors (record, hash, at_ms, reason) VALUES (?1, ?2, ?3, ?4)
ON CONFLICT (record) DO NOTHING)sql");
  if (!insert) return std::move(insert).error();
  return insert->bind(1, static_cast<std::int64_t>(anchor.index))
      .bind(2, std::string_view(anchor.hash))
      .bind(3, at)
      .bind(4, reason)
      .run();
}

}  // namespace porchlight::store
