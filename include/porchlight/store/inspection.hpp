// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>

#include "porchlight/base/result.hpp"

namespace porchlight::store {

struct Inspection {
  std::int64_t version = 0;  // of the database
  std::int64_t ours = 0;     // of this program
  bool sound = false;        // no damaged page among those that were read (all, up to 32 MiB)
};

// Looks at a database that no process has open, and leaves nothing behind: no lock, no write-ahead
// log, no index of it. What a crash left in the write-ahead log is read, too.
Result<Inspection> inspect(const std::filesystem::path& file);

}  // namespace porchlight::store
