// SPDX-License-Identifier: Apache-2.0
#include "porchlight/store/inspection.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <algorithm>
#include <filesystem>

#include "base/temporary_folder.hpp"
#include "porchlight/store/database.hpp"

namespace porchlight::store {
namespace {

namespace fs = std::filesystem;

class InspectionTest : public testing::Test {
 protected:
  std::vector<std::string> names() const {
    std::vector<std::string> all;
    for (const auto& entry : fs::directory_iterator(folder.path())) all.push_back(entry.path().filename());
    std::sort(all.begin(), all.end());
    return all;
  }
  static void execute(const fs::path& path, const char* sql) {
    sqlite3* handle = nullptr;
    ASSERT_EQ(sqlite3_open(path.c_str(), &handle), SQLITE_OK);
    ASSERT_EQ(sqlite3_exec(handle, sql, nullptr, nullptr, nullptr), SQLITE_OK) << sqlite3_errmsg(handle);
    sqlite3_close(handle);
  }

  const TemporaryFolder folder;
  const fs::path file = folder.path() / "a?b#c%20.db";  // none of it is part of a query
};

TEST_F(InspectionTest, KnowsTheVersionAndLeavesNoTrace) {
  ASSERT_TRUE(Database::open(file, {}, nullptr).ok());
  ASSERT_THAT(names(), testing::ElementsAre("a?b#c%20.db"));
  const auto seen = inspect(file);
  ASSERT_TRUE(seen.ok()) << seen.error().text();
  EXPECT_EQ(seen->version, seen->ours);
  EXPECT_GT(seen->ours, 0);
  EXPECT_TRUE(seen->sound);
  EXPECT_THAT(names(), testing::ElementsAre("a?b#c%20.db"));
  execute(file, "PRAGMA user_version = 77");
  EXPECT_EQ(inspect(file)->version, 77);
}

TEST_F(InspectionTest, ReadsWhatACrashLeftInTheLog) {
  const auto crashed = folder.path() / "crashed.db";
  {
    ASSERT_TRUE(Database::open(file, {}, nullptr).ok());
    sqlite3* handle = nullptr;
    ASSERT_EQ(sqlite3_open(file.c_str(), &handle), SQLITE_OK);
    ASSERT_EQ(sqlite3_exec(handle, "PRAGMA wal_autocheckpoint = 0; PRAGMA user_version = 78", nullptr,
                           nullptr, nullptr),
              SQLITE_OK);
    fs::copy_file(file, crashed);
    fs::copy_file(file.string() + "-wal", crashed.string() + "-wal");
    sqlite3_close(handle);
  }
  ASSERT_GT(fs::file_size(crashed.string() + "-wal"), 0U);
  const auto seen = inspect(crashed);
  ASSERT_TRUE(seen.ok()) << seen.error().text();
  EXPECT_EQ(seen->version, 78);
}

TEST_F(InspectionTest, MissingFileIsAnErrorAndStaysMissing) {
  EXPECT_FALSE(inspect(file).ok());
  EXPECT_THAT(names(), testing::IsEmpty());
}

TEST_F(InspectionTest, DamageIsSeen) {
  execute(file,
          "CREATE TABLE t (x); CREATE INDEX i ON t (x); INSERT INTO t VALUES (1), (2), (3);"
          "PRAGMA writable_schema = ON; DELETE FROM sqlite_schema WHERE name = 'i'");
  const auto seen = inspect(file);
  ASSERT_TRUE(seen.ok()) << seen.error().text();
  EXPECT_FALSE(seen->sound) << "a page that belongs to nothing";
}

}  // namespace
}  // namespace porchlight::store
