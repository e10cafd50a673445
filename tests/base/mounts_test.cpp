// SPDX-License-Identifier: Apache-2.0
#include "porchlight/base/mounts.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <fstream>

#include "temporary_folder.hpp"

namespace porchlight {
namespace {

namespace fs = std::filesystem;

std::string point_of(const Mounts& mounts, const fs::path& path) {
  const auto* mount = mounts.of(path);
  return mount == nullptr ? "(none)" : mount->point;
}

constexpr const char* plain =
    "22 27 0:21 / /proc rw,relatime - proc proc rw\n"
    "27 1 179:2 / / rw,noatime shared:1 - ext4 /dev/root rw\n"
    "60 27 8:1 / /mnt/ssd rw master:3 propagate_from:2 - ext4 /dev/sda1 rw\n"
    "61 27 0:44 / /mnt/nas rw - nfs4 nas:/export rw\n";

TEST(Mounts, ReadsWhatTheKernelLists) {
  const auto mounts = Mounts::parse(plain);
  ASSERT_EQ(mounts.all().size(), 4u);
  const auto& ssd = mounts.all()[2];
  EXPECT_EQ(ssd.number + ' ' + ssd.root + ' ' + ssd.point + ' ' + ssd.type + ' ' + ssd.source,
            "8:1 / /mnt/ssd ext4 /dev/sda1");
}

TEST(Mounts, FindsTheMountAPathLiesOn) {
  const auto mounts = Mounts::parse(plain);
  EXPECT_EQ(point_of(mounts, "/"), "/");
  EXPECT_EQ(point_of(mounts, "/var/lib/porchlight"), "/");
  EXPECT_EQ(point_of(mounts, "/mnt/ssd"), "/mnt/ssd");
  EXPECT_EQ(point_of(mounts, "/mnt/ssd/a/b"), "/mnt/ssd");
  EXPECT_EQ(point_of(mounts, "/mnt/ssd2"), "/") << "a name that only begins like a mount point";
  EXPECT_EQ(point_of(Mounts::parse(""), "/var"), "(none)");
}

// As systemd makes it with StateDirectory= and ProtectSystem=strict.
TEST(Mounts, AHardenedServicesOwnFoldersAreNotFileSystemsOfTheirOwn) {
  const auto mounts = Mounts::parse(
      "100 1 179:2 / / ro - ext4 /dev/root rw\n"
      "101 100 8:1 / /var ro - ext4 /dev/sda1 rw\n"
      "102 101 8:1 /lib/porchlight /var/lib/porchlight rw - ext4 /dev/sda1 rw\n"
      "103 100 179:2 /etc/porchlight /etc/porchlight rw - ext4 /dev/root rw\n");
  EXPECT_EQ(point_of(mounts, "/var/lib/porchlight"), "/var");
  EXPECT_EQ(point_of(mounts, "/etc/porchlight"), "/");
}

TEST(Mounts, OfTwoOnOnePlaceTheLaterCounts) {
  const auto mounts = Mounts::parse(
      "1 0 0:2 / / rw - rootfs rootfs rw\n2 1 179:2 / / rw - ext4 /dev/root rw\n"
      "3 2 8:1 / /data rw - ext4 /dev/sda1 rw\n4 3 8:2 / /data rw - ext4 /dev/sdb1 rw\n");
  EXPECT_EQ(mounts.of("/etc")->number, "179:2");
  EXPECT_EQ(mounts.of("/data/x")->number, "8:2");
}

TEST(Mounts, UndoesTheKernelsEscapes) {
  const auto mounts =
      Mounts::parse("1 0 8:1 / /mnt/a\\040b\\134c rw - ext4 /dev/sda1 rw\n2 0 8:2 / /\\04 rw - x y\n");
  ASSERT_EQ(mounts.all().size(), 2u);
  EXPECT_EQ(mounts.all()[0].point, "/mnt/a b\\c");
  EXPECT_EQ(mounts.all()[1].point, "/\\04") << "no escape, an odd name";
}

TEST(Mounts, LeavesOutLinesThatAreNone) {
  const auto mounts = Mounts::parse(
      "\n - \n1 2 3\n1 0 8:1 / /a rw - ext4\n1 0 8:1 / a rw - ext4 /dev/sda1 rw\n1 0 8:1 / /b rw - ext4 "
      "/dev/sda1");
  ASSERT_EQ(mounts.all().size(), 1u);
  EXPECT_EQ(mounts.all()[0].point, "/b") << "cut off in the super block's options, all else is there";
}

TEST(Mounts, FollowsALinkToAnotherFileSystem) {
  TemporaryFolder folder;
  fs::create_directory(folder.path() / "real");
  fs::create_symlink(folder.path() / "real", folder.path() / "link");
  const auto mounts =
      Mounts::parse("1 0 8:1 / / rw - ext4 /dev/sda1 rw\n2 1 8:2 / " +
                    fs::canonical(folder.path() / "real").string() + " rw - ext4 /dev/sdb1 rw\n");
  EXPECT_EQ(mounts.of(folder.path() / "link/not/yet/there")->number, "8:2");
}

TEST(BlockDevice, IsTheKernelsNameOfIt) {
  TemporaryFolder root;
  fs::create_directories(root.path() / "sys/dev/block");
  fs::create_symlink("../../devices/mmc0/block/mmcblk0/mmcblk0p2", root.path() / "sys/dev/block/179:2");
  fs::create_symlink("../../devices/pci/block/cciss!c0d0", root.path() / "sys/dev/block/104:0");
  EXPECT_EQ(block_device_of({"179:2", "/", "/", "ext4", "/dev/root"}, root.path()), "mmcblk0p2");
  EXPECT_EQ(block_device_of({"104:0", "/", "/", "ext4", "/dev/cciss/c0d0"}, root.path()), "cciss/c0d0");
  EXPECT_EQ(block_device_of({"8:77", "/", "/", "ext4", "/dev/sda"}, root.path()), "") << "gone";
}

TEST(BlockDevice, OfBtrfsIsTheOneItNames) {
  TemporaryFolder root;
  fs::create_directories(root.path() / "sys/class/block/dm-3");
  fs::create_directories(root.path() / "dev/mapper");
  std::ofstream(root.path() / "dev/dm-3") << "";
  fs::create_symlink("../dm-3", root.path() / "dev/mapper/house");
  EXPECT_EQ(block_device_of({"0:30", "/@", "/", "btrfs", "/dev/mapper/house"}, root.path()), "dm-3");
  EXPECT_EQ(block_device_of({"0:30", "/@", "/", "btrfs", "/dev/sdz9"}, root.path()), "");
  for (const char* source : {"overlay", "tmpfs", "nas:/export", ""})
    EXPECT_EQ(block_device_of({"0:31", "/", "/", "x", source}, root.path()), "") << source;
}

// In a chroot the root is no mount, and the number of its file system is all there is.
TEST(BlockDevice, IsFoundWithoutAListOfMounts) {
  TemporaryFolder root;
  fs::create_directories(root.path() / "sys/dev/block");
  struct stat seen {};
  ASSERT_EQ(::stat(root.path().c_str(), &seen), 0);
  const auto number = std::to_string(major(seen.st_dev)) + ':' + std::to_string(minor(seen.st_dev));
  EXPECT_EQ(block_device_holding("/", root.path()), "") << "no block device";
  fs::create_symlink("../../devices/virtual/block/vda", root.path() / "sys/dev/block" / number);
  EXPECT_EQ(block_device_holding("/", root.path()), "vda");
  EXPECT_EQ(block_device_holding("/sys/dev", root.path()), "vda");
  EXPECT_EQ(block_device_holding("/not/there", root.path()), "");
}

// The names of this machine, by another way.
TEST(BlockDevice, OfThisMachinesRootHasItsNumber) {
  struct stat seen {};
  ASSERT_EQ(::stat("/", &seen), 0);
  const auto name = block_device_under("/");
  if (major(seen.st_dev) == 0) GTEST_SKIP() << "the root lies on no block device of its own here";
  std::ifstream number("/sys/class/block/" + name + "/dev");
  std::string found;
  number >> found;
  EXPECT_EQ(found, std::to_string(major(seen.st_dev)) + ':' + std::to_string(minor(seen.st_dev)));
}

}  // namespace
}  // namespace porchlight
