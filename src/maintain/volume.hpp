// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/statvfs.h>

#include <cstdint>
#include <string>

#include "porchlight/maintain/doctor.hpp"

namespace porchlight::maintain {

// A file system, as far as it may be used without being root.
struct Volume {
  std::uint64_t size = 0;  // bytes
  std::uint64_t free = 0;
  std::uint64_t files = 0;  // 0: this file system has no fixed number of them
  std::uint64_t free_files = 0;
  bool read_only = false;
};
Volume volume_of(const struct statvfs& seen) noexcept;
void judge_volume(const Volume& volume, const std::string& folder, Findings& findings);

// 12.3 GiB
std::string size_text(std::uint64_t bytes);

}  // namespace porchlight::maintain
