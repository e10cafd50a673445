// SPDX-License-Identifier: Apache-2.0
// What a connection shows of itself: that it is there, that it waits, that it is slow.
#include "store/database_meter.hpp"

#include <gmock/gmock.h>

#include <chrono>
#include <fstream>
#include <string>
#include <thread>

#include "porchlight/telemetry/metrics.hpp"
#include "store/connection.hpp"
#include "store/fixture.hpp"

namespace porchlight::store {
namespace {

using namespace std::chrono_literals;

class DatabaseMeterTest : public testing::Test {
 protected:
  ~DatabaseMeterTest() override { set_slow_query(default_slow_query); }

  std::unique_ptr<Database> open(std::chrono::milliseconds patience = 60s) {
    auto database = Database::open(folder / "porchlight.db", {.busy_timeout = patience}, &metrics);
    if (!database) ADD_FAILURE() << database.error().text();
    return database ? std::move(*database) : nullptr;
  }
  double connections(const std::string& state) {
    return metrics.gauge("database_connections", {{"state", state}}).value();
  }
  double waits(const std::string& result) {
    return metrics.counter("database_lock_waits_total", {{"result", result}}).value();
  }
  double slow(const std::string& type) {
    return metrics.counter("database_slow_queries_total", {{"query_type", type}}).value();
  }

  Folder folder;
  telemetry::Metrics metrics{telemetry::ClosedSets{}};
};

TEST_F(DatabaseMeterTest, ShowsConnectionsAndWhichAreAtWork) {
  const auto one = open();
  auto other = open();
  EXPECT_EQ(connections("idle"), 2);
  EXPECT_EQ(connections("active"), 0);
  {
    auto transaction = Transaction::begin(one->connection());
    ASSERT_TRUE(transaction.ok());
    EXPECT_EQ(connections("active"), 1);
    EXPECT_EQ(connections("idle"), 1);
    ASSERT_TRUE(one->connection().scalar(QueryType::select, "SELECT count(*) FROM events").ok());
    EXPECT_EQ(connections("active"), 1) << "a statement within a transaction is the same work";
  }
  EXPECT_EQ(connections("active"), 0) << "rolled back";
  ASSERT_TRUE(EventLog(*other).append(ring_at(at_second(0)), {}));
  EXPECT_EQ(connections("active"), 0) << "committed";
  EXPECT_EQ(connections("idle"), 2);
  other.reset();
  EXPECT_EQ(connections("idle"), 1);
}

TEST_F(DatabaseMeterTest, AConnectionThatCouldNotBeOpenedIsGone) {
  std::ofstream(folder / "porchlight.db") << std::string(4096, 'x');
  ASSERT_FALSE(Database::open(folder / "porchlight.db", {}, &metrics).ok());
  EXPECT_EQ(connections("idle"), 0);
  EXPECT_EQ(connections("active"), 0);
}

TEST_F(DatabaseMeterTest, AWaitThatEndsWithTheLockIsAcquired) {
  const auto holder = open();
  const auto waiter = open();
  // The other thread may come to the lock only after it was let go: then again.
  int rounds = 0;
  for (const auto give_up = std::chrono::steady_clock::now() + 60s;
       waits("acquired") == 0 && std::chrono::steady_clock::now() < give_up; ++rounds) {
    auto held = Transaction::begin(holder->connection());
    ASSERT_TRUE(held.ok());
    std::thread other([&] { EXPECT_TRUE(EventLog(*waiter).append(ring_at(at_second(rounds)), {})); });
    while (connections("active") < 2) std::this_thread::yield();
    for (int i = 0; i < 1000; ++i) std::this_thread::yield();
    EXPECT_TRUE(held->commit());
    other.join();
  }
  EXPECT_EQ(waits("acquired"), 1);
  EXPECT_EQ(waits("timeout"), 0);
  EXPECT_EQ(waits("deadlock"), 0);
  EXPECT_EQ(*EventLog(*holder).count(), static_cast<std::size_t>(rounds));
}

TEST_F(DatabaseMeterTest, AWaitThatEndsWithoutTheLockIsATimeout) {
  const auto holder = open();
  const auto waiter = open(20ms);
  const auto held = Transaction::begin(holder->connection());
  ASSERT_TRUE(held.ok());
  EXPECT_EQ(EventLog(*waiter).append(ring_at(at_second(0)), {}).error().code(), ErrorCode::unavailable);
  EXPECT_EQ(waits("timeout"), 1);
  EXPECT_EQ(waits("acquired"), 0);
  EXPECT_EQ(waits("deadlock"), 0);
}

// With a minute's patience: waiting would never help one who read what another has changed since.
TEST_F(DatabaseMeterTest, AWriterWhoReadTooEarlyIsADeadlockAndDoesNotWait) {
  const auto early = open();
  const auto writer = open();
  auto& connection = early->connection();
  ASSERT_TRUE(connection.execute(QueryType::transaction, "BEGIN"));
  ASSERT_TRUE(connection.scalar(QueryType::select, "SELECT count(*) FROM events").ok());
  ASSERT_TRUE(EventLog(*writer).append(ring_at(at_second(0)), {}));
  const auto refused =
      connection.execute(QueryType::update, "UPDATE gallery_revision SET revision = revision + 1");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), ErrorCode::unavailable);
  EXPECT_EQ(waits("deadlock"), 1);
  EXPECT_EQ(waits("timeout"), 0);
  EXPECT_EQ(waits("acquired"), 0);
  ASSERT_TRUE(connection.execute(QueryType::transaction, "ROLLBACK"));
}

// It is tried in turns of a quarter of a second, and who waits for it waits once.
TEST_F(DatabaseMeterTest, AnErasureThatWaitsInTurnsIsOneWait) {
  const auto reader = open();
  const auto eraser = open(600ms);
  // The reader holds what was there before, and the log has what is newer.
  ASSERT_TRUE(reader->connection().execute(QueryType::transaction, "BEGIN"));
  ASSERT_TRUE(reader->connection().scalar(QueryType::select, "SELECT count(*) FROM events").ok());
  ASSERT_TRUE(EventLog(*eraser).append(ring_at(at_second(0)), {}));
  EXPECT_EQ(empty_write_ahead_log(eraser->connection()).error().code(), ErrorCode::unavailable);
  EXPECT_EQ(waits("timeout"), 1);
  ASSERT_TRUE(reader->connection().execute(QueryType::transaction, "ROLLBACK"));
  EXPECT_TRUE(empty_write_ahead_log(eraser->connection()));
  EXPECT_EQ(waits("timeout"), 1) << "nobody had to wait";
  EXPECT_EQ(waits("acquired"), 0);
}

// Some of its turns end without the lock, and the last one with it.
TEST_F(DatabaseMeterTest, AnErasureThatGetsItsLockInALaterTurnIsAcquired) {
  const auto reader = open();
  const auto eraser = open();
  int rounds = 0;
  // The other thread may come to the log only after the reader has gone: then again, and longer.
  for (auto held = 600ms; waits("acquired") == 0 && held < 60s; held *= 2) {
    ASSERT_TRUE(reader->connection().execute(QueryType::transaction, "BEGIN"));
    ASSERT_TRUE(reader->connection().scalar(QueryType::select, "SELECT count(*) FROM events").ok());
    ASSERT_TRUE(EventLog(*eraser).append(ring_at(at_second(++rounds)), {}));
    std::thread other([&] { EXPECT_TRUE(empty_write_ahead_log(eraser->connection())); });
    std::this_thread::sleep_for(held);
    EXPECT_TRUE(reader->connection().execute(QueryType::transaction, "ROLLBACK"));
    other.join();
  }
  EXPECT_EQ(waits("acquired"), 1);
  EXPECT_EQ(waits("timeout"), 0);
}

TEST_F(DatabaseMeterTest, CountsAsSlowWhatIsLongerThanTheLimitByItsKind) {
  set_slow_query(1h);
  const auto database = open();
  ASSERT_TRUE(EventLog(*database).count().ok());
  EXPECT_EQ(slow("select"), 0);
  set_slow_query(0ms);
  ASSERT_TRUE(EventLog(*database).count().ok());
  EXPECT_EQ(slow("select"), 1);
  EXPECT_EQ(slow("insert"), 0);
  ASSERT_TRUE(EventLog(*database).append(ring_at(at_second(0)), {}));
  EXPECT_EQ(slow("transaction"), 2) << "BEGIN and COMMIT";
  set_slow_query(default_slow_query);
}

TEST_F(DatabaseMeterTest, SizeIsThatOfTheFileAndItsLog) {
  EXPECT_FALSE(bytes_on_disk(folder / "porchlight.db").has_value());
  const auto database = open();
  ASSERT_TRUE(EventLog(*database).append(ring_at(at_second(0)), {}));
  const auto file = std::filesystem::file_size(folder / "porchlight.db");
  const auto log = std::filesystem::file_size(folder / "porchlight.db-wal");
  EXPECT_GT(log, 0U);
  EXPECT_EQ(bytes_on_disk(folder / "porchlight.db"), file + log);
}

}  // namespace
}  // namespace porchlight::store
