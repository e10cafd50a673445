// SPDX-License-Identifier: Apache-2.0
#include "porchlight/store/database.hpp"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include <array>
#include <fstream>
#include <thread>

#include "porchlight/base/mounts.hpp"
#include "porchlight/store/snapshot_folder.hpp"
#include "porchlight/telemetry/metrics.hpp"
#include "store/connection.hpp"
#include "store/fixture.hpp"
#include "store/migration.hpp"

namespace porchlight::store {
namespace {

using testing::AllOf;
using testing::HasSubstr;

mode_t mode_of(const std::filesystem::path& path) {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0 ? info.st_mode & 07777 : 0;
}

TEST(Database, MakesFolderAndFilesForOwnerAndGroupOnlyWhateverTheUmask) {
  Folder folder;
  const auto before = ::umask(0);
  const auto database = open_or_fail(folder / "a/b/porchlight.db");
  EXPECT_TRUE(EventLog(*database).append(ring_at(at_second(0)), {}));
  ::umask(before);
  EXPECT_EQ(mode_of(folder / "a"), 0750U);
  EXPECT_EQ(mode_of(folder / "a/b"), 0750U);
  for (const auto* name : {"a/b/porchlight.db", "a/b/porchlight.db-wal", "a/b/porchlight.db-shm"})
    EXPECT_EQ(mode_of(folder / name), 0640U) << name;
}

TEST(Database, RunsInWriteAheadModeWithFullSyncAndForeignKeys) {
  Folder folder;
  const auto database = open_or_fail(folder / "porchlight.db");
  auto& connection = database->connection();
  EXPECT_EQ(*connection.scalar(QueryType::select, "PRAGMA synchronous"), 2);
  EXPECT_EQ(*connection.scalar(QueryType::select, "PRAGMA foreign_keys"), 1);
  EXPECT_EQ(*connection.scalar(QueryType::select, "PRAGMA secure_delete"), 1);
  EXPECT_EQ(*connection.scalar(QueryType::select, "PRAGMA cell_size_check"), 1);
  auto mode = connection.prepare(QueryType::select, "PRAGMA journal_mode");
  ASSERT_TRUE(*mode->step());
  EXPECT_EQ(mode->text(0), "wal");
}

TEST(Database, ReadOnlyConnectionReadsBesideTheWriterAndCannotWrite) {
  Folder folder;
  const auto writer = open_or_fail(folder / "porchlight.db");
  const auto reader = open_or_fail(folder / "porchlight.db", {.mode = OpenMode::read_only});
  ASSERT_TRUE(EventLog(*writer).append(ring_at(at_second(0)), {}));
  EXPECT_EQ(*EventLog(*reader).count(), 1U);
  const auto refused = EventLog(*reader).append(ring_at(at_second(1)), {});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), ErrorCode::permission_denied);
}

TEST(Database, ReadOnlyOpenOfNothingSaysSoAndMakesNothing) {
  Folder folder;
  const auto database = Database::open(folder / "none.db", {.mode = OpenMode::read_only}, nullptr);
  ASSERT_FALSE(database.ok());
  EXPECT_EQ(database.error().code(), ErrorCode::not_found);
  EXPECT_FALSE(std::filesystem::exists(folder / "none.db"));
}

TEST(Database, FileThatIsNoDatabaseIsRefusedWithTheMendAndLeftAlone) {
  Folder folder;
  const std::string text(9000, 'x');
  std::ofstream(folder / "porchlight.db") << text;
  const auto database = Database::open(folder / "porchlight.db", {}, nullptr);
  ASSERT_FALSE(database.ok());
  EXPECT_EQ(database.error().code(), ErrorCode::corrupt);
  EXPECT_THAT(database.error().text(),
              AllOf(HasSubstr("porchlight.db'"), HasSubstr("put back a copy"), HasSubstr("move it away")));
  EXPECT_EQ(std::filesystem::file_size(folder / "porchlight.db"), text.size());
}

TEST(Database, DamagedPageInTheMiddleIsFoundAtOpen) {
  Folder folder;
  {
    const auto database = open_or_fail(folder / "porchlight.db");
    for (int i = 0; i < 200; ++i) ASSERT_TRUE(EventLog(*database).append(ring_at(at_second(i)), {}));
  }
  const auto size = std::filesystem::file_size(folder / "porchlight.db");
  ASSERT_GT(size, 10U * 4096);
  std::fstream file(folder / "porchlight.db", std::ios::in | std::ios::out | std::ios::binary);
  // Every page but the first: whichever holds events is among them.
  for (std::uint64_t page = 1; page * 4096 < size; ++page) {
    file.seekp(static_cast<std::streamoff>(page * 4096));
    file << std::string(64, '\xff');
  }
  file.close();
  const auto database = Database::open(folder / "porchlight.db", {}, nullptr);
  ASSERT_FALSE(database.ok());
  EXPECT_EQ(database.error().code(), ErrorCode::corrupt);
  EXPECT_THAT(database.error().text(), HasSubstr("put back a copy"));
}

TEST(Database, NewerVersionIsRefusedInWordsForWriterAndReader) {
  Folder folder;
  {
    ASSERT_TRUE(open_or_fail(folder / "porchlight.db")
                    ->connection()
                    .execute(QueryType::schema, "PRAGMA user_version = 99"));
  }
  for (const auto mode : {OpenMode::read_write, OpenMode::read_only}) {
    const auto database = Database::open(folder / "porchlight.db", {.mode = mode}, nullptr);
    ASSERT_FALSE(database.ok());
    EXPECT_EQ(database.error().code(), ErrorCode::unsupported);
    EXPECT_THAT(database.error().text(), AllOf(HasSubstr("version 99"), HasSubstr("newer porchlight")));
  }
}

TEST(Database, MigrationKeepsACopyAndTheData) {
  Folder folder;
  const auto ring = ring_at(at_second(0));
  {
    const auto database = open_or_fail(folder / "porchlight.db");
    ASSERT_TRUE(EventLog(*database).append(ring, {}));
    std::vector<Migration> steps(migrations().begin(), migrations().end());
    const auto old_version = steps.size();
    steps.push_back({"CREATE TABLE later (a INTEGER) STRICT;"});
    ASSERT_TRUE(migrate(database->connection(), steps));
    EXPECT_EQ(*database->connection().scalar(QueryType::schema, "PRAGMA user_version"),
              static_cast<std::int64_t>(steps.size()));
    EXPECT_EQ(*EventLog(*database).count(), 1U);
    const auto copy = folder / ("porchlight.db.v" + std::to_string(old_version));
    EXPECT_EQ(mode_of(copy), 0640U);
  }
  // The newer database is refused by this program, the copy opens.
  EXPECT_FALSE(Database::open(folder / "porchlight.db", {}, nullptr).ok());
  std::filesystem::rename(folder / ("porchlight.db.v" + std::to_string(migrations().size())),
                          folder / "copy.db");
  const auto copy = open_or_fail(folder / "copy.db");
  EXPECT_TRUE((*EventLog(*copy).find(ring.header.id)).has_value());
}

TEST(Database, FailingMigrationChangesNothing) {
  Folder folder;
  const auto database = open_or_fail(folder / "porchlight.db");
  const auto version = *database->connection().scalar(QueryType::schema, "PRAGMA user_version");
  std::vector<Migration> steps(migrations().begin(), migrations().end());
  steps.push_back({"CREATE TABLE later (a INTEGER) STRICT;"});
  steps.push_back({"INSERT INTO nowhere VALUES (1);"});
  const auto status = migrate(database->connection(), steps);
  ASSERT_FALSE(status);
  EXPECT_THAT(status.error().text(), HasSubstr("migrate from version"));
  EXPECT_EQ(*database->connection().scalar(QueryType::schema, "PRAGMA user_version"), version);
  EXPECT_EQ(*database->connection().scalar(QueryType::select,
                                           "SELECT count(*) FROM sqlite_schema WHERE name = 'later'"),
            0);
}

TEST(Database, WriterWaitsForAnotherWriterUpToItsTimeoutOnly) {
  Folder folder;
  const auto holder = open_or_fail(folder / "porchlight.db");
  const auto waiter = open_or_fail(folder / "porchlight.db", {.busy_timeout = std::chrono::milliseconds(20)});
  auto held = Transaction::begin(holder->connection());
  ASSERT_TRUE(held.ok());
  const auto refused = EventLog(*waiter).append(ring_at(at_second(0)), {});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), ErrorCode::unavailable);
  ASSERT_TRUE(held->commit());
  EXPECT_TRUE(EventLog(*waiter).append(ring_at(at_second(0)), {}));
}

TEST(Database, ProvesThatItCanBeWrittenAndChangesNothing) {
  Folder folder;
  const auto file = folder / "porchlight.db";
  const auto database = open_or_fail(file);
  ASSERT_TRUE(EventLog(*database).append(ring_at(at_second(0)), {}));
  const auto log = std::filesystem::file_size(file.string() + "-wal");
  EXPECT_TRUE(database->prove_write());
  EXPECT_GT(std::filesystem::file_size(file.string() + "-wal"), log) << "nothing was committed";
  EXPECT_EQ(*database->connection().scalar(QueryType::select, "PRAGMA user_version"), Database::version());
  EXPECT_EQ(*EventLog(*database).count(), 1U);
}

TEST(Database, ProofFailsWhileSomebodyElseHasTheLock) {
  Folder folder;
  const auto other = open_or_fail(folder / "porchlight.db");
  const auto database =
      open_or_fail(folder / "porchlight.db", {.busy_timeout = std::chrono::milliseconds{50}});
  {
    const auto lock = Transaction::begin(other->connection());
    ASSERT_TRUE(lock);
    const auto status = database->prove_write();
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().code(), ErrorCode::unavailable);
  }
  EXPECT_TRUE(database->prove_write());
}

TEST(Database, ReadOnlyFolderIsAnErrorInWords) {
  Folder folder;
  std::filesystem::permissions(folder.path(), std::filesystem::perms(0555));
  // Root writes into read-only folders; nobody does not.
  const bool is_root = ::geteuid() == 0;
  const int lowered = is_root ? ::seteuid(65534) : 0;
  const auto database = Database::open(folder / "porchlight.db", {}, nullptr);
  const int restored = is_root ? ::seteuid(0) : 0;
  ASSERT_EQ(lowered + restored, 0);
  std::filesystem::permissions(folder.path(), std::filesystem::perms::owner_all);
  ASSERT_FALSE(database.ok());
  EXPECT_EQ(database.error().code(), ErrorCode::permission_denied);
  EXPECT_THAT(database.error().text(), HasSubstr("Permission denied"));
}

TEST(Database, FullDatabaseIsAnErrorAndTheNextCommitWorksAgain) {
  Folder folder;
  const auto database = open_or_fail(folder / "porchlight.db");
  EventLog log(*database);
  auto& connection = database->connection();
  const auto pages = *connection.scalar(QueryType::select, "PRAGMA page_count");
  ASSERT_TRUE(connection.execute(QueryType::schema, "PRAGMA max_page_count = " + std::to_string(pages)));
  Status status;
  for (int i = 0; i < 200 && status; ++i) status = log.append(ring_at(at_second(i)), {});
  ASSERT_FALSE(status) << "the database never became full";
  EXPECT_EQ(status.error().code(), ErrorCode::resource);
  EXPECT_THAT(status.error().text(), HasSubstr("free space"));
  const auto before = *log.count();
  ASSERT_TRUE(connection.execute(QueryType::schema, "PRAGMA max_page_count = 100000"));
  EXPECT_TRUE(log.append(ring_at(at_second(999)), {}));
  EXPECT_EQ(*log.count(), before + 1);
}

TEST(Database, EachKindOfStatementIsTimedUnderItsOwnName) {
  Folder folder;
  telemetry::Metrics metrics({});
  const auto database = Database::open(folder / "porchlight.db", {}, &metrics);
  ASSERT_TRUE(database.ok());
  const auto count_of = [&](const std::string& type) {
    const auto text = metrics.exposition();
    const auto line = "database_query_duration_seconds_count{query_type=\"" + type + "\"} ";
    const auto at = text.find(line);
    return at == std::string::npos ? -1.0 : std::stod(text.substr(at + line.size()));
  };
  const auto ring = ring_at(at_second(0));
  const std::array rows{row_for(ring.header.id, "hook")};
  const auto inserts = count_of("insert");
  const auto transactions = count_of("transaction");
  ASSERT_TRUE(EventLog(**database).append(ring, rows));
  EXPECT_EQ(count_of("insert"), inserts + 3);  // the event, its number, the row
  EXPECT_EQ(count_of("transaction"), transactions + 2);
  const auto updates = count_of("update");
  ASSERT_TRUE(Outbox(**database).mark_delivered(rows[0].key, 1, at_second(1)));
  EXPECT_EQ(count_of("update"), updates + 1);
  const auto deletes = count_of("delete");
  ASSERT_TRUE(Outbox(**database).prune(at_second(9)).ok());
  EXPECT_EQ(count_of("delete"), deletes + 1);
  const auto selects = count_of("select");
  ASSERT_TRUE(EventLog(**database).count().ok());
  EXPECT_EQ(count_of("select"), selects + 1);
}

TEST(SnapshotFolder, PictureComesBackByteForByteAndHalfWrittenOnesGo) {
  Folder folder;
  std::filesystem::create_directory(folder / "snapshots");
  std::ofstream(folder / "snapshots/dead.jpg.part") << "half";
  const auto snapshots = SnapshotFolder::open(folder / "snapshots");
  ASSERT_TRUE(snapshots.ok());
  EXPECT_FALSE(std::filesystem::exists(folder / "snapshots/dead.jpg.part"));
  const auto id = event::EventId::generate(at_second(0));
  std::vector<std::uint8_t> jpeg;
  for (int i = 0; i < 70000; ++i) jpeg.push_back(static_cast<std::uint8_t>(i * 7));
  const auto name = snapshots->save(id, jpeg);
  ASSERT_TRUE(name.ok()) << name.error().text();
  EXPECT_EQ(*name, id.text() + ".jpg");
  EXPECT_EQ(mode_of(folder / ("snapshots/" + *name)) & 0007, 0U);
  const auto loaded = snapshots->load(id);
  ASSERT_TRUE(loaded.ok());
  EXPECT_EQ(**loaded, jpeg);
  EXPECT_EQ(snapshots->load(event::EventId::generate(at_second(0))).error().code(), ErrorCode::not_found);
}

// Where the tests run on a block device; elsewhere there is nothing to time, which is a test, too.
class DiskLatency : public testing::Test {
 protected:
  void SetUp() override {
    device = block_device_under(folder.path());
    if (device.empty()) GTEST_SKIP() << "the temporary folder lies on no block device here";
  }
  double count(telemetry::Metrics& metrics, const std::string& operation) {
    const auto text = metrics.exposition();
    const auto name = "disk_io_latency_ms_count{device=\"" + device + "\",operation=\"" + operation + "\"} ";
    const auto at = text.find(name);
    return at == std::string::npos ? -1 : std::stod(text.substr(at + name.size()));
  }

  Folder folder;
  std::string device;
};

TEST_F(DiskLatency, OfEachReadWriteAndSyncIsObserved) {
  telemetry::ClosedSets sets;
  sets.devices = {device};
  telemetry::Metrics metrics(sets);
  EXPECT_EQ(count(metrics, "sync"), 0) << "there before the first";
  auto database = std::move(Database::open(folder / "porchlight.db", {}, &metrics)).value();
  const auto written = count(metrics, "write"), synced = count(metrics, "sync");
  EXPECT_GT(written, 0);
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(EventLog(*database).append(ring_at(at_second(i)), {}));
  EXPECT_EQ(count(metrics, "sync"), synced + 10) << "one sync of the log for each commit";
  EXPECT_GE(count(metrics, "write"), written + 20);
  database.reset();
  const auto reads = count(metrics, "read");
  database = std::move(Database::open(folder / "porchlight.db", {}, &metrics)).value();
  EXPECT_EQ(*EventLog(*database).count(), 10U);
  EXPECT_GT(count(metrics, "read"), reads);
}

TEST_F(DiskLatency, OfADeviceThatTheMetricsWereNotToldOfIsNone) {
  telemetry::Metrics metrics(telemetry::ClosedSets{});
  const auto database = std::move(Database::open(folder / "porchlight.db", {}, &metrics)).value();
  ASSERT_TRUE(EventLog(*database).append(ring_at(at_second(0)), {}));
  EXPECT_EQ(count(metrics, "sync"), -1);
  EXPECT_NE(metrics.exposition().find("\nmetrics_label_overflow_total 0\n"), std::string::npos);
}

TEST_F(DiskLatency, TwoConnectionsHaveTheirOwn) {
  telemetry::ClosedSets sets;
  sets.devices = {device};
  telemetry::Metrics one(sets), other(sets);
  const auto writer = std::move(Database::open(folder / "porchlight.db", {}, &one)).value();
  auto reader = std::move(Database::open(folder / "porchlight.db", {}, &other)).value();
  const auto before = count(other, "sync");
  ASSERT_TRUE(EventLog(*writer).append(ring_at(at_second(0)), {}));
  EXPECT_EQ(count(other, "sync"), before);
  reader.reset();
  ASSERT_TRUE(EventLog(*writer).append(ring_at(at_second(1)), {})) << "the other's way to its files is gone";
  EXPECT_EQ(*EventLog(*writer).count(), 2U);
}

}  // namespace
}  // namespace porchlight::store
