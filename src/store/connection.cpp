// SPDX-License-Identifier: Apache-2.0
#include "store/connection.hpp"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <thread>
#include <utility>

namespace porchlight::store {
namespace {

// https://sqlite.org/uri.html: `immutable` promises that nobody writes, and so needs no companion file.
std::string uri_of(const std::filesystem::path& file) {
  std::string uri = "file:";
  for (const char c : std::filesystem::absolute(file).string()) {
    if (c == '%')
      uri += "%25";
    else if (c == '?')
      uri += "%3f";
    else if (c == '#')
      uri += "%23";
    else
      uri += c;
  }
  return uri + "?immutable=1";
}

// With a log that holds commits the promise would hide them.
bool has_log(const std::filesystem::path& file) {
  std::error_code failed;
  const auto size = std::filesystem::file_size(file.string() + "-wal", failed);
  return !failed && size > 0;
}

ErrorCode code_of(int rc) {
  switch (rc & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return ErrorCode::unavailable;
    case SQLITE_FULL:
    case SQLITE_NOMEM:
      return ErrorCode::resource;
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_CANTOPEN:
      return ErrorCode::permission_denied;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return ErrorCode::corrupt;
    case SQLITE_IOERR:
      return ErrorCode::io;
    case SQLITE_CONSTRAINT:
      return ErrorCode::invalid_argument;
    case SQLITE_INTERRUPT:
      return ErrorCode::cancelled;
    default:
      return ErrorCode::internal;
  }
}

// What the user can do about it, where there is something to do.
std::string_view mend_for(int rc) {
  switch (rc & 0xff) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return "; stop porchlight and put back a copy of the file, or move it away to start an empty one";
    case SQLITE_FULL:
      return "; free space on the volume";
    case SQLITE_BUSY:
      return "; another process holds it, try again";
    default:
      return "";
  }
}

}  // namespace

std::int64_t unix_ms(WallTime time) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count();
}

WallTime from_unix_ms(std::int64_t ms) {
  return WallTime{std::chrono::milliseconds{ms}};
}

Statement::Statement(Statement&& other) noexcept
    : connection_(other.connection_),
      prepared_(other.prepared_),
      type_(other.type_),
      stepped_(other.stepped_),
      begun_(other.begun_) {
  other.prepared_ = nullptr;
}

Statement::~Statement() {
  if (prepared_ == nullptr) return;
  sqlite3_reset(prepared_);
  sqlite3_clear_bindings(prepared_);
  if (!stepped_) return;
  connection_.meter.observe(type_, std::chrono::steady_clock::now() - begun_);
  connection_.meter.end_use();
}

Statement& Statement::bind(int at, std::int64_t value) {
  sqlite3_bind_int64(prepared_, at, value);
  return *this;
}

Statement& Statement::bind(int at, std::string_view text) {
  // A null pointer would bind NULL, and an empty view may be one.
  sqlite3_bind_text(prepared_, at, text.empty() ? "" : text.data(), static_cast<int>(text.size()),
                    SQLITE_STATIC);
  return *this;
}

Statement& Statement::bind(int at, std::span<const std::byte> blob) {
  sqlite3_bind_blob(prepared_, at, blob.data(), static_cast<int>(blob.size()), SQLITE_STATIC);
  return *this;
}

Statement& Statement::bind(int at, WallTime time) {
  return bind(at, unix_ms(time));
}

Statement& Statement::bind_null(int at) {
  sqlite3_bind_null(prepared_, at);
  return *this;
}

Result<bool> Statement::step() {
  if (!stepped_) {
    stepped_ = true;
    begun_ = std::chrono::steady_clock::now();
    connection_.meter.begin_use();
  }
  const int rc = sqlite3_step(prepared_);
  connection_.waits.settle(rc);
  if (rc == SQLITE_ROW) return true;
  if (rc == SQLITE_DONE) return false;
  return connection_.error(type_ == QueryType::select ? "read" : "write", rc);
}

Status Statement::run() {
  for (;;) {
    auto row = step();
    if (!row) return std::move(row).error();
    if (!*row) return {};
  }
}

std::string Statement::text(int column) const {
  const auto* bytes = sqlite3_column_text(prepared_, column);
  if (bytes == nullptr) return {};
  return {reinterpret_cast<const char*>(bytes),
          static_cast<std::size_t>(sqlite3_column_bytes(prepared_, column))};
}

std::span<const std::byte> Statement::blob(int column) const {
  const auto* bytes = static_cast<const std::byte*>(sqlite3_column_blob(prepared_, column));
  return {bytes, static_cast<std::size_t>(sqlite3_column_bytes(prepared_, column))};
}

WallTime Statement::time(int column) const {
  return from_unix_ms(integer(column));
}

Database::Connection::~Connection() {
  for (auto& [sql, prepared] : cache) sqlite3_finalize(prepared);
  sqlite3_close(handle);
}

Result<Statement> Database::Connection::prepare(QueryType type, std::string_view sql) {
  if (const auto found = cache.find(sql); found != cache.end()) return Statement(*this, found->second, type);
  sqlite3_stmt* prepared = nullptr;
  const int rc = sqlite3_prepare_v3(handle, sql.data(), static_cast<int>(sql.size()),
                                    SQLITE_PREPARE_PERSISTENT, &prepared, nullptr);
  waits.settle(rc);  // it may have read the schema
  if (rc != SQLITE_OK) return error("prepare a statement for", rc);
  cache.emplace(std::string(sql), prepared);
  return Statement(*this, prepared, type);
}

Status Database::Connection::execute(QueryType type, const std::string& sql) {
  const auto begun = std::chrono::steady_clock::now();
  meter.begin_use();
  const int rc = sqlite3_exec(handle, sql.c_str(), nullptr, nullptr, nullptr);
  waits.settle(rc);
  meter.observe(type, std::chrono::steady_clock::now() - begun);
  meter.end_use();
  if (rc != SQLITE_OK) return error(type == QueryType::select ? "read" : "write", rc);
  return {};
}

Result<std::int64_t> Database::Connection::scalar(QueryType type, std::string_view sql) {
  auto statement = prepare(type, sql);
  if (!statement) return std::move(statement).error();
  auto row = statement->step();
  if (!row) return std::move(row).error();
  return *row ? statement->integer(0) : std::int64_t{0};
}

Error Database::Connection::error(std::string_view doing, int rc) const {
  std::string text = std::string(doing) + " database '" + file + "': ";
  text += handle != nullptr && sqlite3_errcode(handle) == (rc & 0xff) ? sqlite3_errmsg(handle)
                                                                      : sqlite3_errstr(rc);
  const int os = handle != nullptr ? sqlite3_system_errno(handle) : 0;
  const bool from_system = (rc & 0xff) == SQLITE_IOERR || (rc & 0xff) == SQLITE_CANTOPEN;
  if (from_system && os != 0) text += std::string(": ") + std::strerror(os);
  text += mend_for(rc);
  return {code_of(rc), std::move(text)};
}

Result<Transaction> Transaction::begin(Database::Connection& connection) {
  auto begin = connection.prepare(QueryType::transaction, "BEGIN IMMEDIATE");
  if (!begin) return std::move(begin).error();
  if (auto status = begin->run(); !status) return std::move(status).error();
  return Transaction(connection);
}

Transaction::~Transaction() {
  if (connection_ == nullptr) return;
  // An error inside may have rolled back by itself already.
  if (sqlite3_get_autocommit(connection_->handle) == 0)
    sqlite3_exec(connection_->handle, "ROLLBACK", nullptr, nullptr, nullptr);
  connection_->meter.end_use();
}

Status Transaction::commit() {
  auto commit = connection_->prepare(QueryType::transaction, "COMMIT");
  if (!commit) return std::move(commit).error();
  if (auto status = commit->run(); !status) return status;
  std::exchange(connection_, nullptr)->meter.end_use();
  return {};
}

// The checkpoint waits for readers with the writers' lock in its hand, and a ring's commit is a writer: short
// waits, with room for others between them.
Status empty_write_ahead_log(Database::Connection& connection) {
  const auto patience = connection.waits.patience();
  const auto give_up = std::chrono::steady_clock::now() + patience;
  LockWaits::Together wait(connection.waits);
  for (;;) {
    connection.waits.set_patience(std::min(patience, std::chrono::milliseconds(250)));
    const auto busy = connection.scalar(QueryType::maintenance, "PRAGMA wal_checkpoint(TRUNCATE)");
    connection.waits.set_patience(patience);
    if (!busy) return busy.error();
    if (*busy == 0) {
      wait.done();
      return {};
    }
    if (std::chrono::steady_clock::now() >= give_up) break;
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  return Error(ErrorCode::unavailable,
               "empty the log of database '" + connection.file +
                   "': another connection is reading; forget the name again to end the erasure");
}

std::string name_for_a_look(const std::filesystem::path& file) {
  return has_log(file) ? file.string() : uri_of(file);
}

}  // namespace porchlight::store
