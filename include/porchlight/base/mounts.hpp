// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace porchlight {

// One line of /proc/self/mountinfo (proc(5)), its escapes undone.
struct Mount {
  std::string number;  // of the file system's device: "179:2"; major 0 where it has none of its own
  std::string root;    // which folder of that file system is seen here
  std::string point;
  std::string type;
  std::string source;  // "/dev/mmcblk0p2", "overlay", …
};

// What this process sees mounted where, as it was when it was read.
class Mounts {
 public:
  // `root`: the folder in which proc/ lies, another one in tests. Empty when the list cannot be read;
  // lines that are none are left out.
  static Mounts read(const std::filesystem::path& root = "/");
  static Mounts parse(std::string_view mountinfo);

  const std::vector<Mount>& all() const noexcept { return mounts_; }

  // The mount that an absolute path lies on, which need not exist: of those of its file system the
  // outermost above the path, because a hardened service sees its folders as mounts of their own. Links are
  // followed as far as there is something. Null: nothing is mounted above it.
  const Mount* of(const std::filesystem::path& path) const;

 private:
  std::vector<Mount> mounts_;
};

// The kernel's name of the block device under a mount, as /proc/diskstats has it ("mmcblk0p2"); empty: a
// network, memory or layered file system, which has none.
std::string block_device_of(const Mount& mount, const std::filesystem::path& root = "/");

// Of the file system that an existing path lies on, by its number alone: where no mount is listed above the
// path, as in a chroot, whose root is none.
std::string block_device_holding(const std::filesystem::path& path, const std::filesystem::path& root = "/");

// Of the file system that a path lies on, at this moment.
std::string block_device_under(const std::filesystem::path& path);

}  // namespace porchlight
