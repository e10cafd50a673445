// SPDX-License-Identifier: Apache-2.0
#include "porchlight/base/result.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <memory>
#include <set>

#include "porchlight/base/unique_fd.hpp"

namespace porchlight {
namespace {

TEST(Result, HoldsAValueOrAnError) {
  Result<int> value(7);
  ASSERT_TRUE(value.ok());
  EXPECT_EQ(*value, 7);
  Result<int> error(Error(ErrorCode::timeout, "read 'x'"));
  ASSERT_FALSE(error);
  EXPECT_EQ(error.error().code(), ErrorCode::timeout);
}

TEST(Result, GivesAwayWhatCanOnlyBeMoved) {
  Result<std::unique_ptr<int>> result(std::make_unique<int>(3));
  const auto taken = std::move(result).value();
  EXPECT_EQ(*taken, 3);
}

TEST(Result, CanCarryAnErrorAsItsValueType) {
  Result<std::string> text(std::string("fine"));
  EXPECT_EQ(text->size(), 4U);
}

TEST(Status, IsFineUnlessGivenAnError) {
  EXPECT_TRUE(Status().ok());
  const Status status = Error(ErrorCode::io, "sync 'x'");
  EXPECT_FALSE(status.ok());
  EXPECT_EQ(status.error().text(), "sync 'x'");
}

TEST(Error, ContextGoesInFrontAndTheCodeStays) {
  auto error = errno_error(ENOSPC, "open 'x.part'").context("record camera 'front'");
  EXPECT_EQ(error.text(), "record camera 'front': open 'x.part': No space left on device");
  EXPECT_EQ(error.code(), ErrorCode::resource);
}

TEST(Error, ErrnoMapsToWhatACallerMaySwitchOn) {
  EXPECT_EQ(errno_error(ENOENT, "x").code(), ErrorCode::not_found);
  EXPECT_EQ(errno_error(ENODEV, "x").code(), ErrorCode::not_found);
  EXPECT_EQ(errno_error(EACCES, "x").code(), ErrorCode::permission_denied);
  EXPECT_EQ(errno_error(ETIMEDOUT, "x").code(), ErrorCode::timeout);
  EXPECT_EQ(errno_error(ECONNREFUSED, "x").code(), ErrorCode::network);
  EXPECT_EQ(errno_error(EIO, "x").code(), ErrorCode::io);
}

// Who is told so of a file makes room by deleting others.
TEST(Error, OnlyAFullDiskIsWantOfSpace) {
  for (const int errnum : {ENOSPC, EDQUOT}) EXPECT_EQ(errno_error(errnum, "x").code(), ErrorCode::resource);
  for (const int errnum : {EMFILE, ENFILE, ENOMEM})
    EXPECT_NE(errno_error(errnum, "x").code(), ErrorCode::resource);
}

TEST(ErrorCode, EachHasItsOwnName) {
  std::set<std::string_view> names;
  for (int code = 0; code <= static_cast<int>(ErrorCode::internal); ++code)
    names.insert(to_string(static_cast<ErrorCode>(code)));
  EXPECT_EQ(names.size(), static_cast<std::size_t>(ErrorCode::internal) + 1);
}

bool is_open(int fd) {
  return ::fcntl(fd, F_GETFD) >= 0;
}

TEST(UniqueFd, ClosesOnceAndMovesOwnership) {
  UniqueFd first(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  const int fd = first.get();
  UniqueFd second(std::move(first));
  EXPECT_EQ(second.get(), fd);
  EXPECT_TRUE(is_open(fd));
  second = UniqueFd();
  EXPECT_FALSE(is_open(fd));
}

TEST(UniqueFd, ReleaseLeavesItOpen) {
  UniqueFd owner(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  const UniqueFd later(owner.release());
  EXPECT_FALSE(owner);
  EXPECT_TRUE(is_open(later.get()));
}

}  // namespace
}  // namespace porchlight
