// SPDX-License-Identifier: Apache-2.0
// Proves docs/storage.md from outside the writing process: by kill -9, by the order of system calls,
// and by failing each of them in turn.
#include <gmock/gmock.h>

#include <cerrno>
#include <fstream>
#include <random>
#include <set>
#include <thread>

#include "store/child.hpp"
#include "store/fixture.hpp"

namespace porchlight::store {
namespace {

const std::string writer = PORCHLIGHT_CRASH_WRITER;
const std::string shim = PORCHLIGHT_IO_SHIM;

// The invariants that every reopened database is held to. Returns how many events there are.
std::size_t expect_invariants(const std::filesystem::path& file, const std::set<std::string>& acknowledged) {
  const auto database = open_or_fail(file);
  if (!database) return 0;
  EventLog log(*database);
  Outbox outbox(*database);
  const auto events = log.page(1'000'000);
  EXPECT_TRUE(events.ok());
  std::set<std::string> stored;
  for (const auto& event : *events) {
    stored.insert(event.id.text());
    EXPECT_NE(event.json.find(event.id.text()), std::string::npos)
        << "the id in the row and in the event differ";
    for (const auto* channel : {"hook", "phone"})
      EXPECT_TRUE((*outbox.find({event.id, channel, 0})).has_value())
          << "event without its row to " << channel;
  }
  for (const auto& id : acknowledged) EXPECT_TRUE(stored.contains(id)) << "lost " << id;
  EXPECT_EQ(outbox.depth(at_second(100))->pending, events->size() * 2);
  return stored.size();
}

TEST(Durability, HundredKillsLoseNothingThatWasAcknowledged) {
  Folder folder;
  const auto file = folder / "porchlight.db";
  std::set<std::string> acknowledged;
  std::mt19937 random(20251121);
  std::size_t stored = 0;
  for (int round = 0; round < 100; ++round) {
    Child child({writer, file.string(), "100000", "full"}, {});
    // Killed at whatever the writer is doing a random number of acknowledgements and microseconds on:
    // the sleep synchronises nothing, it only moves the moment.
    const auto lines = child.read_lines(1 + random() % 20);
    ASSERT_FALSE(lines.empty()) << "the writer never came so far";
    acknowledged.insert(lines.begin(), lines.end());
    std::this_thread::sleep_for(std::chrono::microseconds(random() % 2000));
    for (auto& line : child.kill_and_read()) acknowledged.insert(std::move(line));
    if (round % 10 == 9) stored = expect_invariants(file, acknowledged);
  }
  stored = expect_invariants(file, acknowledged);
  EXPECT_GE(acknowledged.size(), 100U);
  // Beyond what was acknowledged there may be the one event of each round that was under way.
  EXPECT_LE(stored, acknowledged.size() + 100);
  RecordProperty("acknowledged", static_cast<int>(acknowledged.size()));
}

// True when between any two acknowledgements (and before the first) a sync of the write-ahead log
// completed after the last write to it.
bool synced_before_every_acknowledgement(const std::filesystem::path& log_file, int& acknowledgements) {
  std::ifstream lines(log_file);
  bool clean = false;
  bool always = true;
  acknowledgements = 0;
  for (std::string line; std::getline(lines, line);) {
    const bool is_wal = line.ends_with("-wal");
    if (line.starts_with("write ") && is_wal) clean = false;
    if (line.starts_with("sync ") && is_wal) clean = true;
    if (line != "ack") continue;
    ++acknowledgements;
    always = always && clean;
    clean = false;  // the next acknowledgement needs a sync of its own
  }
  return always;
}

bool run_watched(const std::string& synchronous, int& acknowledgements) {
  Folder folder;
  Child child({writer, (folder / "porchlight.db").string(), "50", synchronous},
              {{"LD_PRELOAD", shim},
               {"IO_SHIM_LOG", (folder / "calls.log").string()},
               {"IO_SHIM_DIR", folder.path().string()}});
  EXPECT_EQ(child.read_lines(50).size(), 50U);
  EXPECT_EQ(child.wait(), 0);
  return synced_before_every_acknowledgement(folder / "calls.log", acknowledgements);
}

TEST(Durability, SyncOfTheLogCompletesBeforeEveryAcknowledgement) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "a preloaded library may not come before the address sanitizer";
#endif
  int acknowledgements = 0;
  EXPECT_TRUE(run_watched("full", acknowledgements));
  EXPECT_EQ(acknowledgements, 50);
}

TEST(Durability, TheSameWatchFailsWithoutSyncing) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "a preloaded library may not come before the address sanitizer";
#endif
  int acknowledgements = 0;
  EXPECT_FALSE(run_watched("off", acknowledgements)) << "the watch sees syncs that are not there";
  EXPECT_EQ(acknowledgements, 50);
}

struct Fault {
  int number;
  bool sticky;
};

bool was_felt(const std::filesystem::path& log_file) {
  std::ifstream lines(log_file);
  for (std::string line; std::getline(lines, line);)
    if (line.starts_with("fault ")) return true;
  return false;
}

void expect_named_as_what_it_is(const std::filesystem::path& errors, const Fault& fault) {
  std::ifstream text(errors);
  std::string code;
  text >> code;
  EXPECT_TRUE(code == "io:" || (fault.number == ENOSPC && code == "resource:")) << code;
}

// One run whose n-th write or sync fails. False when there were fewer than n.
bool run_with_fault(const Fault& fault, int n) {
  Folder folder;
  const auto file = folder / "porchlight.db";
  std::vector<std::pair<std::string, std::string>> environment{
      {"LD_PRELOAD", shim},
      {"IO_SHIM_DIR", file.string()},
      {"IO_SHIM_LOG", (folder / "calls.log").string()},
      {"IO_SHIM_FAIL", std::to_string(n)},
      {"IO_SHIM_ERRNO", std::to_string(fault.number)}};
  if (fault.sticky) environment.emplace_back("IO_SHIM_STICKY", "1");
  Child child({writer, file.string(), "4", "full"}, environment, folder / "errors");
  const auto lines = child.read_lines(5);
  const int status = child.wait();
  SCOPED_TRACE(testing::Message() << "failing call " << n);
  EXPECT_TRUE(status == 0 || status == 3) << "the writer ended with " << status;
  if (status == 0) {
    EXPECT_EQ(lines.size(), 4U);
  }
  if (status == 3) expect_named_as_what_it_is(folder / "errors", fault);
  expect_invariants(file, {lines.begin(), lines.end()});
  return was_felt(folder / "calls.log");
}

TEST(Durability, EachFailingSyncOrWriteIsAnErrorAndNothingAcknowledgedIsLost) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "a preloaded library may not come before the address sanitizer";
#endif
  for (const auto& fault : {Fault{ENOSPC, true}, Fault{EIO, false}, Fault{EIO, true}}) {
    SCOPED_TRACE(testing::Message() << "errno " << fault.number
                                    << (fault.sticky ? " from then on" : " once"));
    int n = 1;
    while (n < 500 && run_with_fault(fault, n)) ++n;
    EXPECT_GT(n, 20) << "hardly any call was failed";
    EXPECT_LT(n, 500) << "no run completed";
  }
}

}  // namespace
}  // namespace porchlight::store
