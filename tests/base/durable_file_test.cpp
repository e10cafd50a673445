// SPDX-License-Identifier: Apache-2.0
#include "porchlight/base/durable_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <fstream>
#include <vector>

#include "temporary_folder.hpp"

namespace porchlight {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;

constexpr std::size_t size = 5000;

std::string contents(const fs::path& path) {
  auto text = read_whole_file(path, 1 << 20);
  return text ? *text : "(" + text.error().text() + ")";
}

Status write_text(const fs::path& path, const std::string& text) {
  return write_durably(path, std::as_bytes(std::span(text)));
}

// Runs the writer under the preload; `how` is "kill", an errno or "" for no fault. Returns wait()'s status.
int run_writer(const fs::path& path, int at, const std::string& how, const fs::path& log = {}) {
  const auto child = ::fork();
  if (child == 0) {
    ::setenv("FAULT_FOLDER", path.parent_path().c_str(), 1);
    if (!how.empty()) ::setenv("FAULT_AT", std::to_string(at).c_str(), 1);
    if (!how.empty()) ::setenv("FAULT_ERRNO", how.c_str(), 1);
    if (!log.empty()) ::setenv("FAULT_LOG", log.c_str(), 1);
    ::setenv("LD_PRELOAD", FAULT_PRELOAD, 1);
    ::setenv("ASAN_OPTIONS", "verify_asan_link_order=0", 1);
    ::execl(DURABLE_WRITER, DURABLE_WRITER, path.c_str(), std::to_string(size).c_str(), nullptr);
    ::_exit(127);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return status;
}

bool done(int status) {
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}
bool refused(int status) {
  return WIFEXITED(status) && WEXITSTATUS(status) == 1;
}
bool killed(int status) {
  return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
}

const std::string old_text(300, 'o');
const std::string new_text(size, 'n');

TEST(DurableFile, SyncsTheFileBeforeTheNameAndTheFolderAfterIt) {
  TemporaryFolder folder;
  const auto log = folder.path() / "log";
  fs::create_directory(folder.path() / "data");
  ASSERT_TRUE(done(run_writer(folder.path() / "data" / "file", 0, "", log)));
  std::vector<std::string> order;
  std::ifstream lines(log);
  for (std::string line; std::getline(lines, line);)
    if (order.empty() || order.back() != line) order.push_back(line);
  EXPECT_THAT(order, ElementsAre("open file", "write", "fdatasync", "rename", "open folder", "fsync"));
}

TEST(DurableFile, KilledAtAnyCallLeavesTheOldOrTheWholeNewFile) {
  TemporaryFolder folder;
  const auto path = folder.path() / "file";
  bool saw_old = false;
  bool saw_new = false;
  for (int at = 1;; ++at) {
    ASSERT_LT(at, 100) << "the writer never gets through";
    ASSERT_TRUE(write_text(path, old_text).ok());
    const auto status = run_writer(path, at, "kill");
    const auto found = contents(path);
    if (done(status)) {
      EXPECT_EQ(found, new_text);
      break;
    }
    ASSERT_TRUE(killed(status)) << "call " << at << ", status " << status;
    EXPECT_TRUE(found == old_text || found == new_text)
        << "after call " << at << ": " << found.size() << " bytes";
    saw_old |= found == old_text;
    saw_new |= found == new_text;
  }
  EXPECT_TRUE(saw_old);
  EXPECT_TRUE(saw_new);  // killed between the rename and the folder's sync
}

TEST(DurableFile, EveryFailingCallIsReportedAndLeavesNoPart) {
  for (const int fault : {ENOSPC, EIO}) {
    TemporaryFolder folder;
    const auto path = folder.path() / "file";
    for (int at = 1;; ++at) {
      ASSERT_LT(at, 100);
      ASSERT_TRUE(write_text(path, old_text).ok());
      const auto status = run_writer(path, at, std::to_string(fault));
      if (done(status)) break;
      ASSERT_TRUE(refused(status)) << "call " << at;
      const auto found = contents(path);
      EXPECT_TRUE(found == old_text || found == new_text) << "after call " << at;
      EXPECT_FALSE(fs::exists(folder.path() / "file.part")) << "after call " << at;
    }
  }
}

TEST(DurableFile, GoesOnAfterAnInterruptedWrite) {
  TemporaryFolder folder;
  const auto path = folder.path() / "file";
  EXPECT_TRUE(done(run_writer(path, 2, std::to_string(EINTR))));
  EXPECT_EQ(contents(path), new_text);
}

TEST(DurableFile, OverwritesAPartLeftByACrash) {
  TemporaryFolder folder;
  const auto path = folder.path() / "file";
  std::ofstream(folder.path() / "file.part") << std::string(9000, 'x');
  ASSERT_TRUE(write_text(path, new_text).ok());
  EXPECT_EQ(contents(path), new_text);
}

TEST(DurableFile, AMissingFolderIsNotFoundAndNamesTheFile) {
  TemporaryFolder folder;
  const auto status = write_text(folder.path() / "none" / "file", "x");
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code(), ErrorCode::not_found);
  EXPECT_THAT(status.error().text(), testing::HasSubstr("none/file.part'"));
}

TEST(ReadWholeFile, TakesExactlyTheLimitAndRefusesOneMore) {
  TemporaryFolder folder;
  const auto path = folder.path() / "file";
  std::ofstream(path) << std::string(1000, 'x');
  EXPECT_EQ(read_whole_file(path, 1000).value().size(), 1000U);
  const auto refused = read_whole_file(path, 999);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code(), ErrorCode::resource);
}

TEST(ReadWholeFile, RefusesAFolderAndWhatIsNotThere) {
  TemporaryFolder folder;
  EXPECT_FALSE(read_whole_file(folder.path(), 10).ok());
  EXPECT_EQ(read_whole_file(folder.path() / "none", 10).error().code(), ErrorCode::not_found);
}

}  // namespace
}  // namespace porchlight
