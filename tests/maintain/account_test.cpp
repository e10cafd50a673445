// SPDX-License-Identifier: Apache-2.0
#include "maintain/account.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

#include "base/temporary_folder.hpp"
#include "maintain/expect.hpp"
#include "porchlight/maintain/checks.hpp"

namespace porchlight::maintain {
namespace {

struct stat file_of(uid_t owner, gid_t group, mode_t mode) {
  struct stat file {};
  file.st_uid = owner;
  file.st_gid = group;
  file.st_mode = mode;
  return file;
}

const Account service{"service", 100, 200, {200, 300}};

TEST(May, OwnerGroupAndOthersEachHaveTheirBits) {
  EXPECT_TRUE(may(service, file_of(100, 1, 0400), 4));
  EXPECT_TRUE(may(service, file_of(1, 200, 0040), 4));
  EXPECT_TRUE(may(service, file_of(1, 300, 0040), 4)) << "by a supplementary group";
  EXPECT_TRUE(may(service, file_of(1, 1, 0004), 4));
  EXPECT_FALSE(may(service, file_of(1, 1, 0440), 4));
  EXPECT_FALSE(may(service, file_of(100, 200, 0044), 4)) << "the owner's bits count for the owner alone";
  EXPECT_FALSE(may(service, file_of(1, 200, 0404), 4)) << "the group's for its members";
  EXPECT_FALSE(may(service, file_of(100, 1, 0500), 7));
  EXPECT_TRUE(may(service, file_of(100, 1, 0700), 7));
  EXPECT_TRUE(may(Account{"root", 0, 0, {}}, file_of(1, 1, 0), 7));
}

TEST(FindAccount, KnowsRootAndNobodyElse) {
  const auto root = find_account("root");
  ASSERT_TRUE(root);
  EXPECT_EQ(root->uid, 0U);
  EXPECT_TRUE(root->is_in(0));
  EXPECT_FALSE(find_account("no_such_user_here"));
  EXPECT_FALSE(find_group("no_such_group_here"));
  EXPECT_EQ(find_group("root"), gid_t{0});
}

TEST(DeviceCheck, TheServiceNeedsTheBits) {
  PORCHLIGHT_NEEDS_ROOT();
  const TemporaryFolder folder;
  const auto device = folder.path() / "gpiochip0";
  std::ofstream(device) << "";
  const auto checked = [&](unsigned mode, gid_t group, const char* user) {
    EXPECT_EQ(::chmod(device.c_str(), mode), 0);
    EXPECT_EQ(::chown(device.c_str(), 0, group), 0);
    Findings findings;
    check_device(device, findings, user);
    return findings.all();
  };
  EXPECT_THAT(
      checked(0600, 0, "nobody"),
      says_only(Verdict::bad, "(mode 0600, owner root:root) cannot be opened by the service", "udevadm"));
  EXPECT_THAT(checked(0640, nobody, "nobody"), says_only(Verdict::bad, "mode 0640", "udevadm"));
  EXPECT_THAT(checked(0660, nobody, "nobody"), says_only(Verdict::skipped, "nothing"));
  EXPECT_THAT(checked(0600, 0, "no_such_user_here"), says_only(Verdict::skipped, "nothing"));
}

}  // namespace
}  // namespace porchlight::maintain
