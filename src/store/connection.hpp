// SPDX-License-Identifier: Apache-2.0
// SQLite behind our own types: the only header of the room that names it.
#pragma once

#include <sqlite3.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>

#include "porchlight/base/clock.hpp"
#include "porchlight/base/result.hpp"
#include "porchlight/store/database.hpp"
#include "store/database_meter.hpp"
#include "store/lock_waits.hpp"
#include "store/timed_files.hpp"

namespace porchlight::store {

// One use of a cached prepared statement; bound values and the read position end with it. Binds
// borrow their bytes until then. The time from the first step to the end is observed.
class Statement {
 public:
  Statement(Database::Connection& connection, sqlite3_stmt* prepared, QueryType type)
      : connection_(connection), prepared_(prepared), type_(type) {}
  Statement(Statement&& other) noexcept;
  Statement& operator=(Statement&&) = delete;
  ~Statement();

  Statement& bind(int at, std::int64_t value);
  Statement& bind(int at, std::string_view text);
  Statement& bind(int at, std::span<const std::byte> blob);
  Statement& bind(int at, WallTime time);
  Statement& bind_null(int at);

  // True: a row is there to read.
  Result<bool> step();
  // For what returns no rows.
  Status run();

  std::int64_t integer(int column) const { return sqlite3_column_int64(prepared_, column); }
  std::string text(int column) const;
  std::span<const std::byte> blob(int column) const;  // valid until the next step
  WallTime time(int column) const;
  bool is_null(int column) const { return sqlite3_column_type(prepared_, column) == SQLITE_NULL; }

 private:
  Database::Connection& connection_;
  sqlite3_stmt* prepared_;  // owned by the connection's cache
  const QueryType type_;
  bool stepped_ = false;
  std::chrono::steady_clock::time_point begun_{};
};

struct Database::Connection {
  ~Connection();

  // Cached by the text for as long as the connection lives: one of a few, values are bound.
  Result<Statement> prepare(QueryType type, std::string_view sql);
  // Several statements, not cached.
  Status execute(QueryType type, const std::string& sql);
  // The first column of the first row as an integer.
  Result<std::int64_t> scalar(QueryType type, std::string_view sql);

  Error error(std::string_view doing, int rc) const;

  std::string file;
  std::unique_ptr<TimedFiles> files;  // null: the library's own way; used by the handle to its end
  DatabaseMeter meter;
  LockWaits waits;  // asked by the handle to its end
  sqlite3* handle = nullptr;
  struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept {
      return std::hash<std::string_view>{}(text);
    }
  };
  std::unordered_map<std::string, sqlite3_stmt*, TextHash, std::equal_to<>> cache;
};

// BEGIN IMMEDIATE … COMMIT; rolls back when it goes out of scope uncommitted.
class Transaction {
 public:
  static Result<Transaction> begin(Database::Connection& connection);
  Transaction(Transaction&& other) noexcept : connection_(other.connection_) { other.connection_ = nullptr; }
  Transaction& operator=(Transaction&&) = delete;
  ~Transaction();

  // Success means the write-ahead log was synced.
  Status commit();

 private:
  explicit Transaction(Database::Connection& connection) : connection_(&connection) {
    connection.meter.begin_use();
  }
  Database::Connection* connection_;
};

// The end of an erasure: what was deleted must not stay in the log. ErrorCode::unavailable while another
// connection reads; the caller repeats the erasure then.
Status empty_write_ahead_log(Database::Connection& connection);

// What a read-only open is given (with SQLITE_OPEN_URI) so that no companion file is made.
std::string name_for_a_look(const std::filesystem::path& file);

std::int64_t unix_ms(WallTime time);
WallTime from_unix_ms(std::int64_t ms);

}  // namespace porchlight::store
