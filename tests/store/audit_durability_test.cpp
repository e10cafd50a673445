// SPDX-License-Identifier: Apache-2.0
// The audit log from outside the writing processes: several at once, kill -9, order and failure of
// system calls.
#include <gmock/gmock.h>

#include <cerrno>
#include <fstream>
#include <random>
#include <set>
#include <thread>

#include "store/audit_fixture.hpp"
#include "store/child.hpp"

namespace porchlight::store {
namespace {

const std::string writer = PORCHLIGHT_AUDIT_WRITER;
const std::string shim = PORCHLIGHT_IO_SHIM;

AuditVerdict verdict_of(const std::filesystem::path& folder) {
  auto key = find_audit_key(folder);
  EXPECT_TRUE(key.ok());
  auto verdict = verify_audit_log(folder, *key, {});
  if (!verdict) {
    ADD_FAILURE() << verdict.error().text();
    return {AuditFault::malformed, 0, "", 0, false, "", std::nullopt};
  }
  return *verdict;
}

std::string whole_log(const std::filesystem::path& folder) {
  std::string text;
  for (const auto& entry : std::filesystem::directory_iterator(folder / "audit"))
    text += read_text(entry.path());
  return text;
}

void expect_all_there(const std::filesystem::path& folder, const std::set<std::string>& acknowledged) {
  const auto verdict = verdict_of(folder);
  EXPECT_TRUE(verdict.ok()) << to_string(*verdict.fault) << ": " << verdict.detail;
  const auto text = whole_log(folder);
  for (const auto& id : acknowledged)
    EXPECT_NE(text.find("\"message_id\":\"" + id + "\""), std::string::npos) << "lost " << id;
}

TEST(AuditDurability, FourWritersMakeOneChain) {
  Folder folder;
  std::vector<std::unique_ptr<Child>> children;
  // Small files: they rotate under each other's hands.
  for (int n = 0; n < 4; ++n)
    children.push_back(
        std::make_unique<Child>(std::vector<std::string>{writer, folder.path().string(), "250",
                                                         n % 2 ? "synced" : "buffered", "60000"},
                                std::vector<std::pair<std::string, std::string>>{}));
  std::set<std::string> acknowledged;
  for (auto& child : children) {
    for (auto& line : child->read_lines(250)) acknowledged.insert(std::move(line));
    EXPECT_EQ(child->wait(), 0);
  }
  EXPECT_EQ(acknowledged.size(), 1000U);
  expect_all_there(folder.path(), acknowledged);
  EXPECT_EQ(verdict_of(folder.path()).checked, 1000U);
  EXPECT_TRUE(std::filesystem::exists(folder / "audit/audit-000000000000.jsonl")) << "nothing was rotated";
}

TEST(AuditDurability, FortyKillsOfTwoWritersLoseNothingAcknowledged) {
  Folder folder;
  std::set<std::string> acknowledged;
  std::mt19937 random(20261125);
  for (int round = 0; round < 40; ++round) {
    Child one({writer, folder.path().string(), "100000", "synced", "200000"}, {});
    Child other({writer, folder.path().string(), "100000", "buffered", "200000"}, {});
    auto lines = one.read_lines(1 + random() % 10);
    ASSERT_FALSE(lines.empty()) << "the writer never came so far";
    acknowledged.insert(lines.begin(), lines.end());
    for (auto& line : other.read_lines(1)) acknowledged.insert(std::move(line));
    // The moment moves; nothing is synchronised by it.
    std::this_thread::sleep_for(std::chrono::microseconds(random() % 2000));
    for (auto& line : one.kill_and_read()) acknowledged.insert(std::move(line));
    // A kill loses nothing that write() took: buffered records are there too.
    for (auto& line : other.kill_and_read()) acknowledged.insert(std::move(line));
  }
  EXPECT_GE(acknowledged.size(), 80U);
  expect_all_there(folder.path(), acknowledged);
}

// True when each acknowledgement comes after a completed sync of the log's file that followed the last
// write to it.
bool synced_before_every_acknowledgement(const std::filesystem::path& calls, int& acknowledgements) {
  std::ifstream lines(calls);
  bool clean = false;
  bool always = true;
  acknowledgements = 0;
  for (std::string line; std::getline(lines, line);) {
    const bool is_log = line.ends_with("audit.jsonl");
    if (line.starts_with("write ") && is_log) clean = false;
    if (line.starts_with("sync ") && is_log) clean = true;
    // The head may say only what is on the medium.
    if (line.starts_with("write ") && line.ends_with("audit.head")) always = always && clean;
    if (line != "ack") continue;
    ++acknowledgements;
    always = always && clean;
    clean = false;
  }
  return always;
}

bool run_watched(const char* durability, int& acknowledgements) {
  Folder folder;
  Child child({writer, folder.path().string(), "50", durability},
              {{"LD_PRELOAD", shim},
               {"IO_SHIM_LOG", (folder / "calls.log").string()},
               {"IO_SHIM_DIR", folder.path().string()}});
  EXPECT_EQ(child.read_lines(50).size(), 50U);
  EXPECT_EQ(child.wait(), 0);
  return synced_before_every_acknowledgement(folder / "calls.log", acknowledgements);
}

TEST(AuditDurability, SyncedRecordIsOnTheMediumBeforeItsAcknowledgement) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "a preloaded library may not come before the address sanitizer";
#endif
  int acknowledgements = 0;
  EXPECT_TRUE(run_watched("synced", acknowledgements));
  EXPECT_EQ(acknowledgements, 50);
  EXPECT_FALSE(run_watched("buffered", acknowledgements)) << "the watch sees syncs that are not there";
  EXPECT_EQ(acknowledgements, 50);
}

// One run whose n-th write or sync under the folder fails. False when there were fewer than n.
bool run_with_fault(int number, bool sticky, int n) {
  Folder folder;
  Folder outside;
  std::vector<std::pair<std::string, std::string>> environment{
      {"LD_PRELOAD", shim},
      {"IO_SHIM_DIR", folder.path().string()},
      {"IO_SHIM_LOG", (outside / "calls.log").string()},
      {"IO_SHIM_FAIL", std::to_string(n)},
      {"IO_SHIM_ERRNO", std::to_string(number)}};
  if (sticky) environment.emplace_back("IO_SHIM_STICKY", "1");
  Child child({writer, folder.path().string(), "8", "synced", "2000"}, environment, outside / "errors");
  const auto lines = child.read_lines(9);
  const int status = child.wait();
  SCOPED_TRACE(testing::Message() << "failing call " << n);
  EXPECT_TRUE(status == 0 || status == 3) << "the writer ended with " << status;
  if (status == 0) {
    EXPECT_EQ(lines.size(), 8U);
  }
  if (std::filesystem::exists(folder / "audit")) {
    expect_all_there(folder.path(), {lines.begin(), lines.end()});
    // Whatever the failure left, the next writer goes on.
    Child next({writer, folder.path().string(), "2", "synced", "2000"}, {}, outside / "errors");
    EXPECT_EQ(next.read_lines(3).size(), 2U);
    EXPECT_EQ(next.wait(), 0) << read_text(outside / "errors");
    expect_all_there(folder.path(), {lines.begin(), lines.end()});
  }
  return read_text(outside / "calls.log").find("fault ") != std::string::npos;
}

TEST(AuditDurability, EachFailingWriteOrSyncIsAnErrorAndTheChainGoesOn) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "a preloaded library may not come before the address sanitizer";
#endif
  for (const auto& [number, sticky] :
       {std::pair{ENOSPC, true}, std::pair{EIO, false}, std::pair{EIO, true}}) {
    SCOPED_TRACE(testing::Message() << "errno " << number << (sticky ? " from then on" : " once"));
    int n = 1;
    while (n < 200 && run_with_fault(number, sticky, n)) ++n;
    EXPECT_GT(n, 20) << "hardly any call was failed";
    EXPECT_LT(n, 200) << "no run completed";
  }
}

}  // namespace
}  // namespace porchlight::store
