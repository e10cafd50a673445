// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>

#include "porchlight/config/document.hpp"

namespace porchlight::record {

// What is kept of a volume: a number of bytes, or a part of the whole.
struct Share {
  std::uint64_t bytes = 0;
  double part = 0;  // 0…1; counts when bytes is 0
  bool operator==(const Share&) const = default;
};

// `recording:` and `storage.recordings`.
struct RecordOptions {
  std::filesystem::path folder;               // storage.recordings
  std::chrono::milliseconds segment{60'000};  // a segment ends at the first keyframe after it
  std::chrono::milliseconds pre_roll{8'000};
  std::chrono::milliseconds post_roll{5'000};
  std::chrono::hours keep{24 * 30};         // continuous footage
  std::chrono::hours keep_events{24 * 90};  // footage of events
  Share space{0, 0.8};                      // of the volume, for everything that is recorded
  std::optional<Share> reserve;             // free space that stays free; nothing: as docs/storage.md says
  bool operator==(const RecordOptions&) const = default;
};

// Reads `recording:`; the folder is the caller's.
RecordOptions read_options(config::Section recording);

}  // namespace porchlight::record
