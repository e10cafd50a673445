// SPDX-License-Identifier: Apache-2.0
#include "porchlight/store/inspection.hpp"

#include <system_error>

#include "store/connection.hpp"
#include "store/migration.hpp"

namespace porchlight::store {
namespace {

constexpr std::int64_t largest_checked = 32 << 20;

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

Result<bool> is_sound(Database::Connection& connection) {
  const auto pages = connection.scalar(QueryType::maintenance, "PRAGMA page_count");
  if (!pages) return pages.error();
  const auto page_size = connection.scalar(QueryType::maintenance, "PRAGMA page_size");
  if (!page_size) return page_size.error();
  if (*pages * *page_size > largest_checked) return true;
  auto check = connection.prepare(QueryType::maintenance, "PRAGMA quick_check(1)");
  if (!check) return std::move(check).error();
  auto row = check->step();
  if (!row) return std::move(row).error();
  return *row && check->text(0) == "ok";
}

}  // namespace

Result<Inspection> inspect(const std::filesystem::path& file) {
  Database::Connection connection;
  connection.file = file.string();
  const auto name = has_log(file) ? connection.file : uri_of(file);
  const int rc = sqlite3_open_v2(
      name.c_str(), &connection.handle,
      SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, nullptr);
  if (rc != SQLITE_OK) return connection.error("open", rc);
  const auto version = connection.scalar(QueryType::schema, "PRAGMA user_version");
  if (!version) return version.error();
  const auto sound = is_sound(connection);
  if (!sound) return sound.error();
  return Inspection{*version, static_cast<std::int64_t>(migrations().size()), *sound};
}

}  // namespace porchlight::store
