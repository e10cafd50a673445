// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>

#include "porchlight/base/result.hpp"

namespace porchlight::telemetry {
class Metrics;
}

namespace porchlight::store {

enum class OpenMode : std::uint8_t {
  read_write,  // creates what is missing (folder 0750, file 0640) and migrates
  read_only,   // the file must be there and of our version
};

enum class Synchronous : std::uint8_t {
  full,         // the write-ahead log is synced inside every commit
  off_in_tests  // never synced: only to prove that the durability tests can fail
};

struct DatabaseOptions {
  OpenMode mode = OpenMode::read_write;
  std::chrono::milliseconds busy_timeout{5000};
  Synchronous synchronous = Synchronous::full;
  // With read_only: nothing is made beside the file. Only for a look: what is committed meanwhile is not
  // seen.
  bool leaves_no_trace = false;
};

struct Migration;

// Statements that take longer than `limit` are counted as slow and said in the log, of every connection that
// has metrics, from now on. Any thread.
inline constexpr std::chrono::milliseconds default_slow_query{250};
void set_slow_query(std::chrono::milliseconds limit) noexcept;

// Of the database and of the write-ahead log beside it. Nothing when there is no such database.
std::optional<std::uintmax_t> bytes_on_disk(const std::filesystem::path& file);

// One connection to the database in WAL mode, with its cache of prepared statements. Thread-bound:
// one thread from open() on may use it and what is built over it (EventLog, Outbox, GalleryStore). A
// second connection to the same file, in this process or another, reads and writes beside it;
// writers wait for each other up to the busy timeout.
//
// A commit that returned success is on the medium. A commit that returned an Error may or may not be
// there after a crash; docs/storage.md lists the invariants.
class Database {
 public:
  // `metrics` may be null (a command that only looks); else it outlives the database.
  static Result<std::unique_ptr<Database>> open(const std::filesystem::path& file,
                                                const DatabaseOptions& options, telemetry::Metrics* metrics);
  // The same for a file with a schema of its own.
  static Result<std::unique_ptr<Database>> open(const std::filesystem::path& file,
                                                const DatabaseOptions& options, telemetry::Metrics* metrics,
                                                std::span<const Migration> steps);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  // Moves what the write-ahead log holds into the database file; for an idle moment, so that a
  // commit does not have to. Never waits for readers.
  Status checkpoint();

  // One cheap question that fails when the database cannot be read (for health checks).
  Status ping();
  // Commits something that changes nothing: the schema's version over itself. Fails as a commit does; success
  // means that the write-ahead log was synced.
  Status prove_write();

  // The version this open() migrated from, when it did; the version that porchlight.db is of now.
  std::optional<std::int64_t> migrated_from() const noexcept { return migrated_from_; }
  static std::int64_t version() noexcept;

  struct Connection;  // the database library stays behind this name
  Connection& connection() noexcept { return *connection_; }

 private:
  explicit Database(std::unique_ptr<Connection> connection);
  std::unique_ptr<Connection> connection_;
  std::optional<std::int64_t> migrated_from_;
};

}  // namespace porchlight::store
