// SPDX-License-Identifier: Apache-2.0
#include "store/migration.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <string>

#include "porchlight/base/unique_fd.hpp"
#include "store/accounts_schema.hpp"
#include "store/answers_schema.hpp"
#include "store/labels_schema.hpp"
#include "store/outbox_schema.hpp"

namespace porchlight::store {
namespace {

// Ids are 36-character texts that sort by time, so the primary keys are the time order. Times are
// Unix milliseconds.
constexpr const char* version_1 = R"sql(
CREATE TABLE events (
  id       TEXT PRIMARY KEY NOT NULL CHECK (length(id) = 36),
  type     TEXT NOT NULL,
  at_ms    INTEGER NOT NULL,
  camera   TEXT NOT NULL,
  json     TEXT NOT NULL,
  snapshot TEXT
) STRICT, WITHOUT ROWID;

CREATE TABLE outbox (
  event_id        TEXT NOT NULL REFERENCES events (id) ON DELETE CASCADE,
  channel         TEXT NOT NULL,
  sequence        INTEGER NOT NULL,
  type            TEXT NOT NULL,
  label           TEXT NOT NULL,
  payload         TEXT NOT NULL,
  picture         INTEGER NOT NULL CHECK (picture IN (0, 1)),
  traceparent     TEXT NOT NULL,
  happened_ms     INTEGER NOT NULL,
  created_ms      INTEGER NOT NULL,
  next_attempt_ms INTEGER NOT NULL,
  expires_ms      INTEGER NOT NULL,
  attempts        INTEGER NOT NULL,
  state           TEXT NOT NULL CHECK (state IN ('pending', 'delivered', 'failed', 'expired')),
  settled_ms      INTEGER CHECK ((settled_ms IS NULL) = (state = 'pending')),
  PRIMARY KEY (event_id, channel, sequence)
) STRICT, WITHOUT ROWID;
CREATE INDEX outbox_pending ON outbox (event_id, sequence, channel) WHERE state = 'pending';

CREATE TABLE persons (
  id        INTEGER PRIMARY KEY,
  name      TEXT NOT NULL UNIQUE,
  listed_as TEXT NOT NULL CHECK (listed_as IN ('known', 'blacklisted'))
) STRICT;

CREATE TABLE faces (
  id            INTEGER PRIMARY KEY,
  person_id     INTEGER NOT NULL REFERENCES persons (id) ON DELETE CASCADE,
  model_version TEXT NOT NULL,
  photo_sha256  TEXT NOT NULL,
  created_ms    INTEGER NOT NULL,
  vector        BLOB NOT NULL CHECK (length(vector) = 512),
  UNIQUE (person_id, model_version, photo_sha256)
) STRICT;

CREATE TABLE gallery_revision (
  only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
  revision INTEGER NOT NULL
) STRICT;
INSERT INTO gallery_revision VALUES (1, 0);
)sql";

// The audit log's anchors, and the values its records commit to (docs/audit.md).
constexpr const char* version_2 = R"sql(
CREATE TABLE audit_values (
  commitment TEXT PRIMARY KEY NOT NULL CHECK (length(commitment) = 64),
  salt       BLOB NOT NULL CHECK (length(salt) = 32),
  value      TEXT NOT NULL UNIQUE,
  created_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE audit_anchors (
  record INTEGER PRIMARY KEY NOT NULL,
  hash   TEXT NOT NULL CHECK (length(hash) = 64),
  at_ms  INTEGER NOT NULL,
  reason TEXT NOT NULL
) STRICT;
)sql";

// Looking at the events: the order in which they were committed or got their picture, which is not that of
// their ids, and an index for each way to choose. REPLACE and AUTOINCREMENT give a change a number that was
// never used. An events table made before has no changes: nobody has been told of any number yet.
constexpr const char* version_4 = R"sql(
CREATE TABLE event_changes (
  change   INTEGER PRIMARY KEY AUTOINCREMENT,
  event_id TEXT NOT NULL UNIQUE REFERENCES events (id) ON DELETE CASCADE
) STRICT;

CREATE INDEX events_by_type ON events (type);
CREATE INDEX events_by_camera ON events (camera);
CREATE INDEX events_by_camera_and_type ON events (camera, type);
)sql";

// A second network's embedding of the same photograph; how long it is, is the network's affair.
constexpr const char* version_7 = R"sql(
CREATE TABLE IF NOT EXISTS second_embeddings (
  face_id       INTEGER NOT NULL REFERENCES faces (id) ON DELETE CASCADE,
  model_version TEXT NOT NULL,
  vector        BLOB NOT NULL CHECK (length(vector) > 0 AND length(vector) % 4 = 0),
  PRIMARY KEY (face_id, model_version)
) STRICT;
)sql";

constexpr std::array all_migrations{Migration{version_1},       Migration{version_2},
                                    Migration{accounts_schema}, Migration{version_4},
                                    Migration{outbox_schema},   Migration{answers_schema},
                                    Migration{version_7},       Migration{labels_schema}};

Result<std::int64_t> version_of(Database::Connection& connection) {
  return connection.scalar(QueryType::schema, "PRAGMA user_version");
}

Error newer_than_us(const Database::Connection& connection, std::int64_t found, std::size_t ours) {
  return {ErrorCode::unsupported,
          "open database '" + connection.file + "': it is of version " + std::to_string(found) +
              ", written by a newer porchlight; this one knows up to version " + std::to_string(ours) +
              ": install the newer program, or put back the copy '" + connection.file + ".v" +
              std::to_string(ours) + "'"};
}

Status sync_path(const std::filesystem::path& path, int flags) {
  UniqueFd fd(::open(path.c_str(), flags | O_CLOEXEC));
  if (!fd || ::fsync(fd.get()) != 0) return errno_error(errno, "sync '" + path.string() + "'");
  return {};
}

Status copy_before(Database::Connection& connection, std::int64_t version) {
  const std::string final_name = connection.file + ".v" + std::to_string(version);
  const std::string part = final_name + ".part";
  std::error_code ignored;
  std::filesystem::remove(part, ignored);
  auto vacuum = connection.prepare(QueryType::maintenance, "VACUUM INTO ?1");
  if (!vacuum) return std::move(vacuum).error();
  if (auto status = vacuum->bind(1, std::string_view(part)).run(); !status)
    return std::move(status).error().context("copy before migrating");
  if (::chmod(part.c_str(), 0640) != 0) return errno_error(errno, "chmod '" + part + "'");
  if (auto status = sync_path(part, O_RDONLY); !status) return status;
  if (std::rename(part.c_str(), final_name.c_str()) != 0) return errno_error(errno, "rename '" + part + "'");
  return sync_path(std::filesystem::path(final_name).parent_path(), O_RDONLY | O_DIRECTORY);
}

Status apply(Database::Connection& connection, std::span<const Migration> steps) {
  auto transaction = Transaction::begin(connection);
  if (!transaction) return std::move(transaction).error();
  // Another process may have migrated while we waited for the lock.
  const auto version = version_of(connection);
  if (!version) return version.error();
  if (static_cast<std::size_t>(*version) >= steps.size()) return {};
  for (const auto& step : steps.subspan(static_cast<std::size_t>(*version)))
    if (auto status = connection.execute(QueryType::schema, step.sql); !status) return status;
  const auto set = "PRAGMA user_version = " + std::to_string(steps.size());
  if (auto status = connection.execute(QueryType::schema, set); !status) return status;
  return transaction->commit();
}

}  // namespace

std::span<const Migration> migrations() {
  return all_migrations;
}

Status migrate(Database::Connection& connection, std::span<const Migration> steps) {
  const auto version = version_of(connection);
  if (!version) return version.error();
  if (*version < 0 || static_cast<std::size_t>(*version) > steps.size())
    return newer_than_us(connection, *version, steps.size());
  if (static_cast<std::size_t>(*version) == steps.size()) return {};
  if (*version > 0)
    if (auto status = copy_before(connection, *version); !status) return status;
  auto status = apply(connection, steps);
  if (status) return status;
  return std::move(status).error().context("migrate from version " + std::to_string(*version));
}

Status expect_version(Database::Connection& connection, std::span<const Migration> steps) {
  const auto version = version_of(connection);
  if (!version) return version.error();
  if (static_cast<std::size_t>(*version) == steps.size()) return {};
  if (static_cast<std::size_t>(*version) > steps.size())
    return newer_than_us(connection, *version, steps.size());
  return Error(ErrorCode::unsupported, "open database '" + connection.file + "': it is of version " +
                                           std::to_string(*version) + ", this program needs " +
                                           std::to_string(steps.size()) +
                                           ": start the daemon once to migrate it");
}

}  // namespace porchlight::store
