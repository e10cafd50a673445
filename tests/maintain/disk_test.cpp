// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "base/temporary_folder.hpp"
#include "maintain/expect.hpp"
#include "maintain/volume.hpp"
#include "porchlight/maintain/checks.hpp"
#include "porchlight/store/database.hpp"

namespace porchlight::maintain {
namespace {

namespace fs = std::filesystem;
using testing::Contains;
using testing::Not;

constexpr std::uint64_t mib = 1 << 20;
constexpr std::uint64_t gib = 1 << 30;

std::vector<Finding> judged(const Volume& volume) {
  Findings findings;
  judge_volume(volume, "/data", findings);
  return findings.all();
}

TEST(Volume, RoomIsJudgedByBytesAndByShare) {
  EXPECT_THAT(judged({30 * gib, 2 * gib, 0, 0, false}), says_only(Verdict::good, "/data: 2.0 GiB free"));
  EXPECT_THAT(judged({100 * gib, 4 * gib, 0, 0, false}),
              says_only(Verdict::warning, "4.0 GiB free of 100.0 GiB", "du -xh /data"));
  EXPECT_THAT(judged({2 * gib, 1023 * mib, 0, 0, false}),
              says_only(Verdict::warning, "1023 MiB free", "du -xh /data"));
  EXPECT_THAT(judged({2 * gib, 200 * mib, 0, 0, false}), says_only(Verdict::warning, "200 MiB free", "du"));
  EXPECT_THAT(judged({2 * gib, 199 * mib, 0, 0, false}), says_only(Verdict::bad, "199 MiB free", "du"));
}

TEST(Volume, FilesRunOutToo) {
  EXPECT_THAT(judged({30 * gib, 20 * gib, 1'000'000, 60'000, false}), says_only(Verdict::good, "free"));
  EXPECT_THAT(judged({30 * gib, 20 * gib, 1'000'000, 40'000, false}),
              says_only(Verdict::warning, "40000 files", "--inodes"));
  EXPECT_THAT(judged({30 * gib, 20 * gib, 1'000'000, 999, false}),
              says_only(Verdict::bad, "999 files", "--inodes"));
}

TEST(Volume, ReadOnlyIsBad) {
  EXPECT_THAT(judged({30 * gib, 20 * gib, 0, 0, true}), says_only(Verdict::bad, "read-only", "remount,rw"));
}

class DiskCheck : public testing::Test {
 protected:
  // Complaints about the room of the machine's own disk are not the test's.
  static std::vector<Finding> check(const fs::path& folder, bool daemon_runs = false,
                                    const std::string& user = "no_such_user_here") {
    auto findings = check_disk(folder, daemon_runs, user).all();
    std::erase_if(findings, [](const Finding& f) { return f.found.find(" free of ") != std::string::npos; });
    return findings;
  }
  std::vector<std::string> names() const {
    std::vector<std::string> all;
    for (const auto& entry : fs::directory_iterator(folder.path())) all.push_back(entry.path().filename());
    std::sort(all.begin(), all.end());
    return all;
  }
  fs::path database() const { return folder.path() / "porchlight.db"; }
  void make_database() const { ASSERT_TRUE(store::Database::open(database(), {}, nullptr).ok()); }
  void set_version(int version) const {
    sqlite3* handle = nullptr;
    ASSERT_EQ(sqlite3_open(database().c_str(), &handle), SQLITE_OK);
    ASSERT_EQ(sqlite3_exec(handle, ("PRAGMA user_version = " + std::to_string(version)).c_str(), nullptr,
                           nullptr, nullptr),
              SQLITE_OK);
    sqlite3_close(handle);
  }

  const std::string ours = std::to_string(store::Database::version());
  const TemporaryFolder folder;
};

TEST_F(DiskCheck, GoodFolderIsSyncedAndLeftAsItWas) {
  EXPECT_THAT(check(folder.path()), says_only(Verdict::good, "synced in "));
  EXPECT_THAT(check(folder.path()), says_only(Verdict::good, "no database yet"));
  EXPECT_THAT(names(), testing::IsEmpty());
}

TEST_F(DiskCheck, MissingFolderIsBad) {
  EXPECT_THAT(check(folder.path() / "none"),
              says_only(Verdict::bad, "No such file", "install -d -m 750 -o porchlight"));
}

TEST_F(DiskCheck, FileInItsPlaceIsBad) {
  std::ofstream(folder.path() / "file") << "x";
  EXPECT_THAT(check(folder.path() / "file"), says_only(Verdict::bad, "is no folder", "storage.path"));
}

TEST_F(DiskCheck, FolderThatTheServiceCannotWriteIsBad) {
  PORCHLIGHT_NEEDS_ROOT();
  EXPECT_THAT(check(folder.path(), false, "nobody"),
              says_only(Verdict::bad, "cannot be written by the user nobody", "chown -R nobody:"));
  ASSERT_EQ(::chown(folder.path().c_str(), nobody, nobody), 0);
  EXPECT_THAT(check(folder.path(), false, "nobody"), says_only(Verdict::good, "synced"));
}

TEST_F(DiskCheck, OrdinaryUserIsSentToSudo) {
  PORCHLIGHT_NEEDS_ROOT();
  fs::permissions(folder.path(), fs::perms(0755));
  EXPECT_THAT(as_nobody([&] { return check_disk(folder.path(), false); }),
              Contains(Says(Verdict::skipped, "may not be written by this user", run_with_sudo)));
  const auto hidden = folder.path() / "a";
  fs::create_directories(hidden / "b");
  fs::permissions(hidden, fs::perms(0700));
  EXPECT_THAT(as_nobody([&] { return check_disk(hidden / "b", false); }),
              says_only(Verdict::skipped, "Permission denied", run_with_sudo));
}

TEST_F(DiskCheck, DoesNotFollowALinkLaidInItsWay) {
  const auto victim = folder.path() / "victim";
  std::ofstream(victim) << "precious";
  fs::create_symlink(victim, folder.path() / ".porchlight-doctor");
  EXPECT_THAT(check(folder.path()), says_only(Verdict::good, "synced"));
  EXPECT_EQ(fs::file_size(victim), 8U);
  EXPECT_THAT(names(), testing::ElementsAre("victim"));
}

// A file system of its own, for as long as the object lives.
class Mounted {
 public:
  Mounted(fs::path at, const char* options) : at_(std::move(at)) {
    fs::create_directories(at_);
    good_ = ::mount("tmpfs", at_.c_str(), "tmpfs", 0, options) == 0;
  }
  ~Mounted() {
    if (good_) ::umount(at_.c_str());
  }
  bool make_read_only() const {
    return ::mount(nullptr, at_.c_str(), nullptr, MS_REMOUNT | MS_RDONLY, nullptr) == 0;
  }
  explicit operator bool() const { return good_; }

 private:
  const fs::path at_;
  bool good_ = false;
};

#define MOUNTED_OR_SKIP(name, at, options) \
  PORCHLIGHT_NEEDS_ROOT();                 \
  const Mounted name(at, options);         \
  if (!name) GTEST_SKIP() << "no file system may be mounted here"

TEST_F(DiskCheck, FullVolumeIsBadInBothWays) {
  const auto at = folder.path() / "full";
  MOUNTED_OR_SKIP(volume, at, "size=1m");
  std::ofstream(at / "ballast") << std::string(2 * mib, 'x');
  const auto findings = check_disk(at, false).all();
  EXPECT_THAT(findings, Contains(Says(Verdict::bad, ": 0 MiB free of 1 MiB", "du -xh")));
  EXPECT_THAT(findings, Contains(Says(Verdict::bad, "No space left on device", "free space")));
}

TEST_F(DiskCheck, SmallVolumeWithRoomIsBadByRoomAlone) {
  const auto at = folder.path() / "small";
  MOUNTED_OR_SKIP(volume, at, "size=8m");
  EXPECT_THAT(check_disk(at, false).all(), says_only(Verdict::bad, "8 MiB free of 8 MiB", "du -xh"));
}

TEST_F(DiskCheck, VolumeWithoutFilesLeftIsBad) {
  const auto at = folder.path() / "files";
  MOUNTED_OR_SKIP(volume, at, "size=1g,nr_inodes=10");
  EXPECT_THAT(check_disk(at, false).all(),
              Contains(Says(Verdict::bad, "files (inodes) free of 10", "--inodes")));
}

TEST_F(DiskCheck, ReadOnlyVolumeIsBad) {
  const auto at = folder.path() / "ro";
  MOUNTED_OR_SKIP(volume, at, "size=8m");
  ASSERT_TRUE(volume.make_read_only());
  const auto findings = check_disk(at, false).all();
  EXPECT_THAT(findings, Contains(Says(Verdict::bad, "the file system is read-only", "remount,rw")));
  EXPECT_THAT(findings, Contains(Says(Verdict::bad, "Read-only file system", "journalctl -k")));
}

TEST_F(DiskCheck, DatabaseOfOursIsGoodAndUntouched) {
  make_database();
  const auto before = names();
  EXPECT_THAT(check(folder.path()), says_only(Verdict::good, "database of version " + ours));
  EXPECT_EQ(names(), before);
}

TEST_F(DiskCheck, DatabaseOfANewerProgramIsBad) {
  make_database();
  set_version(99);
  EXPECT_THAT(check(folder.path()),
              says_only(Verdict::bad, "is of version 99, this program knows up to " + ours,
                        "porchlight.db.v" + ours + "'"));
}

TEST_F(DiskCheck, DatabaseOfAnOlderProgramIsNoFault) {
  make_database();
  set_version(0);
  EXPECT_THAT(check(folder.path()), says_only(Verdict::good, "version 0, the next start makes it " + ours));
}

TEST_F(DiskCheck, DamagedDatabaseIsBad) {
  make_database();
  std::fstream(database(), std::ios::in | std::ios::out | std::ios::binary)
      .seekp(0)
      .write("garbage!garbage!", 16);
  EXPECT_THAT(check(folder.path()), says_only(Verdict::bad, "file is not a database", "put back a copy"));
  fs::remove(database());
  make_database();
  // A page in the middle, which the header says nothing about.
  std::fstream(database(), std::ios::in | std::ios::out | std::ios::binary)
      .seekp(4096)
      .write(std::string(4096, '\xff').data(), 4096);
  EXPECT_THAT(check(folder.path()), says_only(Verdict::bad, "", "put back a copy"));
}

TEST_F(DiskCheck, DatabaseOfTheRunningDaemonIsLeftAlone) {
  std::ofstream(database()) << "not looked at";
  EXPECT_THAT(check(folder.path(), true), says_only(Verdict::good, "synced"));
  EXPECT_THAT(check(folder.path(), false), says_only(Verdict::bad, "not a database", "put back"));
}

}  // namespace
}  // namespace porchlight::maintain
