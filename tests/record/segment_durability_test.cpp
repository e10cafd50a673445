// SPDX-License-Identifier: Apache-2.0
// Proves docs/storage.md "Invariants of footage" 1, 2 and 6 from outside the writing process: by kill -9, by
// the order of system calls, and by failing each of them in turn.
#include <gmock/gmock.h>

#include <cerrno>
#include <fstream>
#include <map>
#include <random>
#include <set>
#include <sstream>
#include <thread>

#include "segment_media.hpp"
#include "store/child.hpp"
#include "store/fixture.hpp"

namespace porchlight::record {
namespace {

using std::filesystem::path;
using store::Child;
using store::Folder;

const std::string writer = PORCHLIGHT_SEGMENT_CHILD;
const std::string shim = PORCHLIGHT_IO_SHIM;

struct Said {
  std::map<std::string, std::uint64_t> kept;  // pictures that are on the medium, by file
  std::set<std::string> whole;
};

Said read(const std::vector<std::string>& lines) {
  Said said;
  for (const auto& line : lines) {
    std::istringstream words(line);
    std::string word, file;
    std::uint64_t frames = 0;
    if (!(words >> word >> file >> frames)) continue;
    said.kept[file] = frames;
    if (word == "whole") said.whole.insert(file);
  }
  return said;
}

std::vector<path> files_in(const path& folder) {
  std::vector<path> files;
  if (!std::filesystem::exists(folder)) return files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder))
    if (entry.is_regular_file() && entry.path().filename().string() != "porchlight-volume.json" &&
        entry.path().filename().string() != "porchlight-volume.json.part")
      files.push_back(entry.path());
  return files;
}

// Invariant 2: before anything is healed.
void expect_true_names(const path& folder) {
  for (const auto& file : files_in(folder)) {
    if (file.extension() == ".part") continue;
    const auto scanned = scan_segment(file, Depth::contents);
    ASSERT_TRUE(scanned.ok()) << scanned.error().text();
    EXPECT_TRUE(scanned->tail.has_value()) << file;
    EXPECT_THAT(scanned->faults, testing::IsEmpty()) << file;
  }
}

void heal_all(const path& folder) {
  for (const auto& part : files_in(folder)) {
    if (part.extension() != ".part") continue;
    const auto healed = heal_segment(part);
    EXPECT_TRUE(healed.ok() || healed.error().code() == ErrorCode::not_found) << healed.error().text();
    EXPECT_FALSE(std::filesystem::exists(part));
  }
}

// Invariant 1: what was synced is there and is shown.
std::size_t expect_kept(const path& folder, const Said& said, bool look_at_pictures) {
  std::size_t pictures = 0;
  for (const auto& [file, frames] : said.kept) {
    SCOPED_TRACE(file);
    const auto scanned = scan_segment(folder / file, Depth::contents);
    if (!scanned.ok()) {
      ADD_FAILURE() << scanned.error().text();
      continue;
    }
    EXPECT_GE(scanned->frames, frames);
    EXPECT_THAT(scanned->faults, testing::IsEmpty());
    if (!look_at_pictures) continue;
    const auto seen = test::see(folder / file);
    EXPECT_EQ(seen.error, "");
    EXPECT_EQ(seen.damaged, 0U);
    EXPECT_EQ(seen.numbers.size(), scanned->frames);
    for (std::size_t i = 0; i + 2 < seen.numbers.size(); ++i) EXPECT_EQ(seen.numbers[i], i);
    pictures += seen.numbers.size();
  }
  return pictures;
}

std::size_t check(const path& folder, const std::vector<std::string>& lines, bool look_at_pictures = true) {
  const auto said = read(lines);
  expect_true_names(folder);
  for (const auto& file : said.whole) EXPECT_TRUE(std::filesystem::exists(folder / file)) << file;
  heal_all(folder);
  expect_true_names(folder);
  return expect_kept(folder, said, look_at_pictures);
}

TEST(SegmentDurability, TwentyKillsLoseNothingThatWasSynced) {
  std::mt19937 random(20261126);
  std::size_t pictures = 0;
  for (int round = 0; round < 20; ++round) {
    SCOPED_TRACE(testing::Message() << "round " << round);
    Folder folder;
    Child child({writer, (folder / "volume").string(), "100000"}, {});
    auto lines = child.read_lines(2 + random() % 40);
    ASSERT_GE(lines.size(), 2U) << "the writer never came so far";
    // The sleep synchronises nothing, it only moves the moment.
    std::this_thread::sleep_for(std::chrono::microseconds(random() % 5000));
    for (auto& line : child.kill_and_read()) lines.push_back(std::move(line));
    pictures += check(folder / "volume", lines);
    if (HasFailure()) return;
  }
  EXPECT_GT(pictures, 500U);
}

struct Fault {
  int number;
  bool sticky;
};

struct Watched {
  bool felt = false;
  std::string call;  // what was failed
};

// Invariant 6: of a file whose sync failed no later sync is seen.
Watched read_calls(const path& log_file) {
  Watched watched;
  std::set<std::string> failed;
  std::ifstream lines(log_file);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string word, file;
    words >> word >> file;
    if (word == "fault") {
      watched.felt = true;
      if (watched.call.empty()) watched.call = file;
      if (file.ends_with(".mp4.part")) failed.insert(file);
    }
    EXPECT_FALSE(word == "sync" && failed.contains(file)) << file << " is synced again";
  }
  return watched;
}

void expect_named_as_what_it_is(const path& errors, const Fault& fault) {
  std::ifstream lines(errors);
  for (std::string line; std::getline(lines, line);) {
    const auto code = line.substr(0, line.find(':'));
    // What the file of a failed step left behind may be in the way of the next.
    EXPECT_TRUE(code == (fault.number == ENOSPC ? "resource" : "io") || code == "already_exists") << line;
  }
}

// One run whose n-th call fails. False when there were fewer than n.
bool run_with_fault(const Fault& fault, int n) {
  SCOPED_TRACE(testing::Message() << "failing call " << n);
  Folder folder;
  const auto volume = folder / "volume";
  std::vector<std::pair<std::string, std::string>> environment{
      {"LD_PRELOAD", shim},
      {"IO_SHIM_DIR", volume.string()},
      {"IO_SHIM_NAMES", "1"},
      {"IO_SHIM_LOG", (folder / "calls.log").string()},
      {"IO_SHIM_FAIL", std::to_string(n)},
      {"IO_SHIM_ERRNO", std::to_string(fault.number)}};
  if (fault.sticky) environment.emplace_back("IO_SHIM_STICKY", "1");
  Child child({writer, volume.string(), "2"}, environment, folder / "errors");
  const auto lines = child.read_lines(1000);
  const int status = child.wait();
  const auto watched = read_calls(folder / "calls.log");
  EXPECT_TRUE(status == 0 || status == 3) << "the writer ended with " << status;
  EXPECT_TRUE(status != 0 || read(lines).whole.size() == 2) << "it says that nothing failed";
  expect_named_as_what_it_is(folder / "errors", fault);
  check(volume, lines, n % 5 == 0);
  return watched.felt;
}

TEST(SegmentDurability, EachFailingCallIsAnErrorAndNothingSyncedIsLost) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "a preloaded library may not come before the address sanitizer";
#endif
  int visited = 0;
  for (const auto& fault : {Fault{ENOSPC, true}, Fault{ENOSPC, false}, Fault{EIO, false}, Fault{EIO, true}}) {
    SCOPED_TRACE(testing::Message() << "errno " << fault.number
                                    << (fault.sticky ? " from then on" : " once"));
    int n = 1;
    while (n < 500 && !HasFailure() && run_with_fault(fault, n)) ++n;
    EXPECT_GT(n, 40) << "hardly any call was failed";
    EXPECT_LT(n, 500) << "no run completed";
    visited += n - 1;
  }
  std::printf("%d points of failure visited\n", visited);
  RecordProperty("points", visited);
}

// Of the calls in between two sentences the file's sync comes last, and before the first also the folder's.
TEST(SegmentDurability, SaysKeptOnlyAfterTheSync) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "a preloaded library may not come before the address sanitizer";
#endif
  Folder folder;
  const auto volume = folder / "volume";
  Child child({writer, volume.string(), "2"}, {{"LD_PRELOAD", shim},
                                               {"IO_SHIM_DIR", volume.string()},
                                               {"IO_SHIM_LOG", (folder / "calls.log").string()}});
  const auto lines = child.read_lines(1000);
  EXPECT_EQ(child.wait(), 0);
  std::ifstream calls(folder / "calls.log");
  std::size_t acknowledged = 0;
  bool file_synced = true, folder_synced = false;
  for (std::string line; std::getline(calls, line);) {
    if (line.starts_with("write ") && line.ends_with(".mp4.part")) file_synced = false;
    if (line.starts_with("sync ") && line.ends_with(".mp4.part")) file_synced = true;
    if (line.starts_with("sync ") && line.ends_with("/front/day")) folder_synced = true;
    if (line != "ack") continue;
    const auto& said = lines.at(acknowledged++);
    if (said == "volume") continue;
    EXPECT_TRUE(file_synced) << said;
    EXPECT_TRUE(folder_synced) << said;
    // Its name is in the folder only when that is synced again.
    if (said.starts_with("whole ")) folder_synced = false;
  }
  EXPECT_EQ(acknowledged, lines.size());
  EXPECT_EQ(read(lines).whole.size(), 2U);
}

}  // namespace
}  // namespace porchlight::record
