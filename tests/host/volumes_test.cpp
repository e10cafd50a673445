// SPDX-License-Identifier: Apache-2.0
#include "host/volumes.hpp"

#include <gtest/gtest.h>

#include "host/tree.hpp"

namespace porchlight::host {
namespace {

class VolumesTest : public testing::Test {
 protected:
  telemetry::Samples sample(Volumes& volumes) {
    telemetry::Samples samples;
    volumes.sample(tree.root(), Mounts::read(tree.root()), samples);
    return samples;
  }
  static telemetry::Labels at(const char* point) { return {{"mount_point", point}}; }

  Tree tree;
};

TEST(Space, IsCountedAsDfCounts) {
  struct statvfs seen {};
  seen.f_frsize = 4096;
  seen.f_bsize = 1 << 20;  // not the unit of the others
  seen.f_blocks = 1000;
  seen.f_bfree = 300;
  seen.f_bavail = 250;
  const auto space = space_of(seen);
  ASSERT_TRUE(space);
  EXPECT_EQ(space->total, 1000 * 4096);
  EXPECT_EQ(space->used, 700 * 4096);
  EXPECT_EQ(space->free, 250 * 4096);
}

TEST(Space, OfWhatHasNoSizeOrContradictsItselfIsNone) {
  struct statvfs seen {};
  EXPECT_FALSE(space_of(seen));
  seen.f_frsize = 4096;
  EXPECT_FALSE(space_of(seen)) << "no blocks";
  seen.f_blocks = 10;
  seen.f_bfree = 11;
  EXPECT_FALSE(space_of(seen));
  seen.f_bfree = 5;
  seen.f_bavail = static_cast<fsblkcnt_t>(-3);  // beyond the reserve of root
  EXPECT_FALSE(space_of(seen));
  seen.f_blocks = seen.f_bfree = seen.f_bavail = UINT64_MAX;
  EXPECT_EQ(space_of(seen)->used, 0) << "huge, but whole";
}

TEST_F(VolumesTest, ShowsTheRootAndTheFoldersFileSystem) {
  write_raspberry_pi(tree);
  Volumes volumes("/mnt/ssd/porchlight");
  const auto samples = sample(volumes);
  struct statvfs seen {};
  ASSERT_EQ(::statvfs(tree.root().c_str(), &seen), 0);
  for (const char* point : {"/", "/mnt/ssd"}) {
    const auto total = static_cast<double>(seen.f_blocks) * static_cast<double>(seen.f_frsize);
    EXPECT_EQ(value_of(samples, "disk_space_total_bytes", at(point)), total);
    const auto used = *value_of(samples, "disk_space_used_bytes", at(point));
    const auto free = *value_of(samples, "disk_space_free_bytes", at(point));
    EXPECT_DOUBLE_EQ(*value_of(samples, "disk_space_used_percent", at(point)), 100 * used / (used + free));
    EXPECT_EQ(value_of(samples, "system_disk_usage_percent", at(point)),
              value_of(samples, "disk_space_used_percent", at(point)));
  }
  EXPECT_EQ(series_of(samples, "disk_space_total_bytes"), 2u);
}

TEST_F(VolumesTest, OneFileSystemIsOneSeries) {
  write_raspberry_pi(tree);
  tree.make_folder("var/lib/porchlight");
  Volumes volumes("/var/lib/porchlight");
  const auto samples = sample(volumes);
  EXPECT_EQ(series_of(samples, "disk_space_total_bytes"), 1u);
  EXPECT_EQ(series_of(samples, "disk_io_read_bytes_total"), 1u);
}

TEST_F(VolumesTest, ShowsWhatTheirBlockDevicesHaveMoved) {
  write_raspberry_pi(tree);
  Volumes volumes("/mnt/ssd/porchlight");
  const auto samples = sample(volumes);
  EXPECT_EQ(value_of(samples, "disk_io_read_bytes_total", {{"device", "mmcblk0p2"}}), 600000.0 * 512);
  EXPECT_EQ(value_of(samples, "disk_io_write_bytes_total", {{"device", "mmcblk0p2"}}), 80000.0 * 512);
  EXPECT_EQ(value_of(samples, "disk_io_read_bytes_total", {{"device", "sda1"}}), 39000.0 * 512);
  EXPECT_EQ(series_of(samples, "disk_io_write_bytes_total"), 2u) << "neither whole disks nor loops";
}

TEST_F(VolumesTest, ADiskThatIsPulledOutTakesItsSeriesAlong) {
  write_raspberry_pi(tree);
  Volumes volumes("/mnt/ssd/porchlight");
  sample(volumes);
  auto mounts = tree.files().at("proc/self/mountinfo");
  tree.write("proc/self/mountinfo", mounts.substr(0, mounts.find("40 26")));
  tree.remove("mnt");
  auto samples = sample(volumes);
  EXPECT_EQ(series_of(samples, "disk_space_total_bytes"), 1u);
  EXPECT_FALSE(value_of(samples, "disk_io_read_bytes_total", {{"device", "sda1"}}));
  EXPECT_TRUE(value_of(samples, "disk_io_read_bytes_total", {{"device", "mmcblk0p2"}}));
  // Another one in its place has counted less.
  tree.write("proc/self/mountinfo", mounts);
  tree.write("proc/diskstats", " 8 1 sda1 1 0 8 0 1 0 16 0 0 0 0\n");
  tree.make_folder("mnt/ssd/porchlight");
  samples = sample(volumes);
  EXPECT_EQ(value_of(samples, "disk_io_read_bytes_total", {{"device", "sda1"}}), 8.0 * 512);
  EXPECT_FALSE(value_of(samples, "disk_io_read_bytes_total", {{"device", "mmcblk0p2"}}));
}

TEST_F(VolumesTest, WithoutAListOfMountsTheRootIsStillThere) {
  Volumes volumes("/mnt/ssd/porchlight");
  const auto samples = sample(volumes);
  EXPECT_TRUE(value_of(samples, "disk_space_total_bytes", at("/")));
  EXPECT_EQ(series_of(samples, "disk_space_total_bytes"), 1u);
  EXPECT_EQ(series_of(samples, "disk_io_read_bytes_total"), 0u);
}

TEST(Transferred, IsReadFromTheDevicesOwnLine) {
  const std::string text = " 8 0 sda 1 2 3 4 5 6 7 8 9 10 11\n 8 1 sda1 1 2 30 4 5 6 70 8 9\n";
  EXPECT_EQ(transferred(text, "sda")->read_bytes, 3u * 512);
  EXPECT_EQ(transferred(text, "sda1")->written_bytes, 70u * 512);
  EXPECT_FALSE(transferred(text, "sd"));
  EXPECT_FALSE(transferred("", "sda"));
}

TEST(Transferred, OfALineThatIsNoneIsNothing) {
  for (const char* line : {"8 0 sda", "8 0 sda 1 2 3 4 5 6", "8 0 sda 1 2 x 4 5 6 7 8\n",
                           "8 0 sda 1 2 3 4 5 6 -7 8\n", "8 0 sda 1 2 18446744073709551615 4 5 6 7 8\n",
                           "sda 0 8 1 2 3 4 5 6 7 8\n", "8 0 sda 1 2 99999999999999999999999 4 5 6 7 8\n"})
    EXPECT_FALSE(transferred(line, "sda")) << line;
}

}  // namespace
}  // namespace porchlight::host
