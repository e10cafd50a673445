// SPDX-License-Identifier: Apache-2.0
#include "porchlight/record/volume.hpp"

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "store/fixture.hpp"

namespace porchlight::record {
namespace {

using std::filesystem::path;
using store::Folder;
using testing::HasSubstr;

TEST(Volume, FirstUseGivesAnIdentityThatStays) {
  Folder folder;
  const auto place = folder / "recordings";
  const auto first = Volume::open(place, std::nullopt);
  ASSERT_TRUE(first.ok()) << first.error().text();
  EXPECT_EQ(first->id().size(), 36U);
  EXPECT_EQ(first->folder(), place);
  struct ::stat info {};
  ASSERT_EQ(::stat(place.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777U, 0750U);
  const auto again = Volume::open(place, first->id());
  ASSERT_TRUE(again.ok()) << again.error().text();
  EXPECT_EQ(again->id(), first->id());
  // Whoever lost the index knows no id; the volume does.
  EXPECT_EQ(Volume::open(place, std::nullopt)->id(), first->id());
}

TEST(Volume, AnEmptyFolderIsTakenAndSoIsAFreshFileSystem) {
  Folder folder;
  std::filesystem::create_directory(folder / "lost+found");
  EXPECT_TRUE(Volume::open(folder.path(), std::nullopt).ok());
}

TEST(Volume, WhatIsNotMountedIsNotTakenForEmpty) {
  Folder folder;
  const auto empty = Volume::open(folder.path(), "0190c000-0000-7000-8000-000000000001");
  ASSERT_FALSE(empty.ok());
  EXPECT_EQ(empty.error().code(), ErrorCode::not_found);
  EXPECT_THAT(empty.error().text(), HasSubstr("mount"));
  EXPECT_TRUE(std::filesystem::is_empty(folder.path())) << "nothing may be written where a disk is missing";
  const auto missing = Volume::open(folder / "gone", "0190c000-0000-7000-8000-000000000001");
  EXPECT_EQ(missing.error().code(), ErrorCode::not_found);
  EXPECT_FALSE(std::filesystem::exists(folder / "gone"));
}

TEST(Volume, AnotherVolumeIsRefusedByName) {
  Folder folder;
  const auto ours = Volume::open(folder / "ours", std::nullopt);
  const auto theirs = Volume::open(folder / "theirs", std::nullopt);
  ASSERT_TRUE(ours.ok() && theirs.ok());
  EXPECT_NE(ours->id(), theirs->id());
  const auto wrong = Volume::open(folder / "theirs", ours->id());
  ASSERT_FALSE(wrong.ok());
  EXPECT_EQ(wrong.error().code(), ErrorCode::already_exists);
  EXPECT_THAT(wrong.error().text(), HasSubstr(ours->id()));
  EXPECT_THAT(wrong.error().text(), HasSubstr(theirs->id()));
}

TEST(Volume, SomebodyElsesFolderIsLeftAloneUntilSomebodySaysSo) {
  Folder folder;
  std::ofstream(folder / "holiday.jpg") << "sea";
  const auto foreign = Volume::open(folder.path(), std::nullopt);
  ASSERT_FALSE(foreign.ok());
  EXPECT_EQ(foreign.error().code(), ErrorCode::not_found);
  EXPECT_THAT(foreign.error().text(), HasSubstr("footage init"));
  EXPECT_FALSE(std::filesystem::exists(folder / Volume::identity_file));
  const auto made = Volume::init(folder.path());
  ASSERT_TRUE(made.ok()) << made.error().text();
  EXPECT_TRUE(Volume::open(folder.path(), made->id()).ok());
  const auto twice = Volume::init(folder.path());
  ASSERT_FALSE(twice.ok());
  EXPECT_EQ(twice.error().code(), ErrorCode::already_exists);
  EXPECT_THAT(twice.error().text(), HasSubstr(made->id()));
  EXPECT_EQ(Volume::init(folder / "gone").error().code(), ErrorCode::not_found);
}

TEST(Volume, ABrokenIdentityIsNoIdentityAndIsNotOverwritten) {
  for (const auto* text : {"", "{", "[]", R"({"format":"something","id":"x"})",
                           R"({"format":"porchlight-volume"})", R"({"format":"porchlight-volume","id":7})"}) {
    Folder folder;
    std::ofstream(folder / Volume::identity_file) << text;
    EXPECT_EQ(Volume::open(folder.path(), std::nullopt).error().code(), ErrorCode::corrupt) << text;
    EXPECT_EQ(Volume::init(folder.path()).error().code(), ErrorCode::corrupt) << text;
    std::ifstream file(folder / Volume::identity_file);
    EXPECT_EQ(std::string(std::istreambuf_iterator<char>(file), {}), text);
  }
}

TEST(Volume, AFolderThatCannotBeWrittenIsRefused) {
  if (::geteuid() == 0) GTEST_SKIP() << "permission does not bind root";
  Folder folder;
  const auto volume = Volume::open(folder / "recordings", std::nullopt);
  ASSERT_TRUE(volume.ok());
  ASSERT_EQ(::chmod((folder / "recordings").c_str(), 0550), 0);
  const auto refused = Volume::open(folder / "recordings", volume->id());
  ::chmod((folder / "recordings").c_str(), 0750);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code(), ErrorCode::permission_denied);
}

TEST(Volume, AFileIsNoFolder) {
  Folder folder;
  std::ofstream(folder / "recordings") << "x";
  EXPECT_FALSE(Volume::open(folder / "recordings", std::nullopt).ok());
  EXPECT_FALSE(Volume::init(folder / "recordings").ok());
}

TEST(Volume, TryingToWriteLeavesNothing) {
  Folder folder;
  const auto volume = Volume::open(folder / "recordings", std::nullopt);
  ASSERT_TRUE(volume.ok());
  EXPECT_TRUE(volume->try_writing());
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder / "recordings"))
    files += entry.path().filename() == Volume::identity_file ? 0U : 1U;
  EXPECT_EQ(files, 0U);
  std::filesystem::rename(folder / "recordings", folder / "elsewhere");
  EXPECT_FALSE(volume->try_writing());
}

TEST(Volume, ProvesItselfAndLeavesNothing) {
  Folder folder;
  const auto volume = Volume::open(folder / "recordings", std::nullopt);
  ASSERT_TRUE(volume.ok());
  const auto status = volume->prove();
  EXPECT_TRUE(status) << status.error().text();
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder / "recordings")) {
    EXPECT_EQ(entry.path().filename(), Volume::identity_file);
    ++files;
  }
  EXPECT_EQ(files, 1U);
}

TEST(Volume, CannotProveAFolderThatIsGone) {
  Folder folder;
  const auto volume = Volume::open(folder / "recordings", std::nullopt);
  ASSERT_TRUE(volume.ok());
  std::filesystem::remove_all(folder / "recordings");
  const auto status = volume->prove();
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code(), ErrorCode::not_found);
  EXPECT_THAT(status.error().text(), HasSubstr(Volume::proof_file));
}

TEST(Volume, SaysWhatIsFree) {
  Folder folder;
  const auto volume = Volume::open(folder.path(), std::nullopt);
  const auto space = volume->space();
  ASSERT_TRUE(space.ok());
  EXPECT_GT(space->total, 0U);
  EXPECT_LE(space->free, space->total);
  const auto there = std::filesystem::space(folder.path());
  EXPECT_EQ(space->total, there.capacity);
}

TEST(Volume, NamesFilesByTheTimeThatIsBelieved) {
  const auto start = parse_rfc3339("2026-11-26T15:04:05.123Z");
  const MonotonicTime begin{std::chrono::microseconds(90'061'999)};
  EXPECT_EQ(Volume::file_of("front", start, "b", begin), "front/2026-11-26/15-04-05.123Z.mp4");
  EXPECT_EQ(Volume::file_of("front", start, "b", begin, "mov"), "front/2026-11-26/15-04-05.123Z.mov");
  EXPECT_EQ(Volume::file_of("front", std::nullopt, "0b1c9f0e-aaaa-4000-8000-123456789abc", begin),
            "front/unsettled/0b1c9f0e-90061.mp4");
}

}  // namespace
}  // namespace porchlight::record
