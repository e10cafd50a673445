// SPDX-License-Identifier: Apache-2.0
#include "porchlight/store/inspection.hpp"

#include "store/connection.hpp"
#include "store/migration.hpp"

namespace porchlight::store {
namespace {

constexpr std::int64_t largest_checked = 32 << 20;

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
  const auto name = name_for_a_look(file);
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
