// SPDX-License-Identifier: Apache-2.0
#include "porchlight/store/database.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <system_error>

#include "porchlight/base/unique_fd.hpp"
#include "store/connection.hpp"
#include "store/folder.hpp"
#include "store/migration.hpp"

namespace porchlight::store {
namespace {

// Reading every page of a file of this size takes well under a second; a larger one is checked page
// by page as it is read.
constexpr std::int64_t largest_checked_at_open = 32 << 20;

// The database library would create the file by the umask alone; its companions copy our mode.
Status create_file(const std::filesystem::path& file) {
  UniqueFd fd(::open(file.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0640));
  if (fd) {
    if (::fchmod(fd.get(), 0640) != 0) return errno_error(errno, "chmod '" + file.string() + "'");
    return sync_folder(file.parent_path());
  }
  if (errno == EEXIST) return {};
  return errno_error(errno, "create database '" + file.string() + "'");
}

Status set_pragmas(Database::Connection& connection, const DatabaseOptions& options) {
  std::string sql = "PRAGMA foreign_keys = ON; PRAGMA cell_size_check = ON; PRAGMA secure_delete = ON;";
  sql +=
      options.synchronous == Synchronous::full ? "PRAGMA synchronous = FULL;" : "PRAGMA synchronous = OFF;";
  if (options.mode == OpenMode::read_only)
    sql += "PRAGMA query_only = ON;";
  else
    sql += "PRAGMA journal_mode = WAL; PRAGMA journal_size_limit = 8388608;";
  return connection.execute(QueryType::schema, sql);
}

Status check_pages(Database::Connection& connection) {
  const auto pages = connection.scalar(QueryType::maintenance, "PRAGMA page_count");
  if (!pages) return pages.error();
  const auto page_size = connection.scalar(QueryType::maintenance, "PRAGMA page_size");
  if (!page_size) return page_size.error();
  if (*pages * *page_size > largest_checked_at_open) return {};
  auto check = connection.prepare(QueryType::maintenance, "PRAGMA quick_check(1)");
  if (!check) return std::move(check).error();
  auto row = check->step();
  if (!row) return std::move(row).error();
  if (*row && check->text(0) == "ok") return {};
  return connection.error("check", SQLITE_CORRUPT);
}

Status open_handle(Database::Connection& connection, const DatabaseOptions& options) {
  const int flags = (options.mode == OpenMode::read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE) |
                    SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE |
                    (options.leaves_no_trace ? SQLITE_OPEN_URI : 0);
  const auto name = options.leaves_no_trace ? name_for_a_look(connection.file) : connection.file;
  const int rc = sqlite3_open_v2(name.c_str(), &connection.handle, flags,
                                 connection.files ? connection.files->name() : nullptr);
  if (rc != SQLITE_OK) return connection.error("open", rc);
  connection.waits.serve(connection.handle, options.busy_timeout);
  if (auto status = set_pragmas(connection, options); !status) return status;
  return check_pages(connection);
}

}  // namespace

Database::Database(std::unique_ptr<Connection> connection) : connection_(std::move(connection)) {}
Database::~Database() = default;

Result<std::unique_ptr<Database>> Database::open(const std::filesystem::path& file,
                                                 const DatabaseOptions& options,
                                                 telemetry::Metrics* metrics) {
  return open(file, options, metrics, migrations());
}

Result<std::unique_ptr<Database>> Database::open(const std::filesystem::path& file,
                                                 const DatabaseOptions& options, telemetry::Metrics* metrics,
                                                 std::span<const Migration> steps) {
  auto connection = std::make_unique<Connection>();
  connection->file = file.string();
  if (metrics != nullptr) {
    connection->meter.attach(*metrics, connection->file);
    connection->waits.attach(*metrics);
  }
  if (options.mode == OpenMode::read_only) {
    std::error_code ignored;
    if (!std::filesystem::exists(file, ignored))
      return errno_error(ENOENT, "open database '" + file.string() + "'");
  } else {
    if (auto status = make_folder(file.parent_path()); !status) return std::move(status).error();
    if (auto status = create_file(file); !status) return std::move(status).error();
  }
  if (metrics != nullptr) connection->files = TimedFiles::create(file, *metrics);
  if (auto status = open_handle(*connection, options); !status) return std::move(status).error();
  const auto before = connection->scalar(QueryType::schema, "PRAGMA user_version");
  auto status =
      options.mode == OpenMode::read_only ? expect_version(*connection, steps) : migrate(*connection, steps);
  if (!status) return std::move(status).error();
  auto database = std::unique_ptr<Database>(new Database(std::move(connection)));
  if (before && *before > 0 && static_cast<std::size_t>(*before) < steps.size())
    database->migrated_from_ = *before;
  return database;
}

std::int64_t Database::version() noexcept {
  return static_cast<std::int64_t>(migrations().size());
}

Status Database::checkpoint() {
  const auto busy = connection_->scalar(QueryType::maintenance, "PRAGMA wal_checkpoint(PASSIVE)");
  if (!busy) return busy.error();
  return {};
}

std::optional<std::uintmax_t> bytes_on_disk(const std::filesystem::path& file) {
  std::error_code failed;
  const auto bytes = std::filesystem::file_size(file, failed);
  if (failed) return std::nullopt;
  const auto log = std::filesystem::file_size(file.string() + "-wal", failed);
  return failed ? bytes : bytes + log;
}

Status Database::ping() {
  const auto answer = connection_->scalar(QueryType::select, "SELECT count(*) FROM sqlite_schema");
  if (!answer) return answer.error();
  return {};
}

Status Database::prove_write() {
  auto transaction = Transaction::begin(*connection_);
  if (!transaction) return std::move(transaction).error();
  const auto version_there = connection_->scalar(QueryType::select, "PRAGMA user_version");
  if (!version_there) return version_there.error();
  // The page is written even though it stays as it is.
  const auto again = "PRAGMA user_version = " + std::to_string(*version_there);
  if (auto status = connection_->execute(QueryType::maintenance, again); !status) return status;
  return transaction->commit();
}

}  // namespace porchlight::store
