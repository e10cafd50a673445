// SPDX-License-Identifier: Apache-2.0
#include "maintain/volume.hpp"

#include <sys/statvfs.h>

#include <array>
#include <cstdio>

namespace porchlight::maintain {
namespace {

constexpr std::uint64_t mebibyte = 1 << 20;
constexpr std::uint64_t too_little = 200 * mebibyte;
constexpr std::uint64_t little = 1024 * mebibyte;
constexpr std::uint64_t least_files = 1000;

std::string free_text(const Volume& volume, const std::string& folder) {
  return folder + ": " + size_text(volume.free) + " free of " + size_text(volume.size);
}

// 5 %.
bool is_scarce(std::uint64_t free, std::uint64_t all) {
  return free < all / 20;
}

void judge_files(const Volume& volume, const std::string& folder, Findings& findings) {
  if (volume.files == 0) return;
  const auto found = folder + ": " + std::to_string(volume.free_files) + " files (inodes) free of " +
                     std::to_string(volume.files);
  const auto mend =
      "delete small files: `du --inodes -xS " + folder + " | sort -n | tail` shows where they are";
  if (volume.free_files < least_files)
    findings.bad(found, mend);
  else if (is_scarce(volume.free_files, volume.files))
    findings.warning(found, mend);
}

}  // namespace

Volume volume_of(const struct statvfs& seen) noexcept {
  return {std::uint64_t{seen.f_blocks} * seen.f_frsize, std::uint64_t{seen.f_bavail} * seen.f_frsize,
          seen.f_files, seen.f_favail, (seen.f_flag & ST_RDONLY) != 0};
}

std::string size_text(std::uint64_t bytes) {
  const auto mebibytes = static_cast<double>(bytes) / static_cast<double>(mebibyte);
  std::array<char, 32> text{};
  if (mebibytes < 1024)
    std::snprintf(text.data(), text.size(), "%.0f MiB", mebibytes);
  else
    std::snprintf(text.data(), text.size(), "%.1f GiB", mebibytes / 1024);
  return text.data();
}

void judge_volume(const Volume& volume, const std::string& folder, Findings& findings) {
  if (volume.read_only)
    findings.bad(folder + ": the file system is read-only",
                 "`journalctl -k | grep -i remount` says why; mend the card, then `mount -o remount,rw "
                 "$(findmnt -no TARGET -T " +
                     folder + ")`");
  const auto mend = "free space (`du -xh " + folder +
                    " | sort -h | tail` shows what is large), or set storage.path to a larger volume";
  if (volume.free < too_little)
    findings.bad(free_text(volume, folder), mend);
  else if (volume.free < little || is_scarce(volume.free, volume.size))
    findings.warning(free_text(volume, folder), mend);
  judge_files(volume, folder, findings);
  findings.fact(folder + ": " + size_text(volume.free) + " free");
}

}  // namespace porchlight::maintain
