// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <memory>
#include <optional>

#include "porchlight/base/result.hpp"
#include "porchlight/store/database.hpp"
#include "porchlight/store/segment_index.hpp"

namespace porchlight::api {

// The index of the footage, by a connection of its own that only reads and stays open: opening one looks
// through the whole file. Thread-bound.
class FootageShelf {
 public:
  // `metrics` outlives the shelf.
  FootageShelf(std::filesystem::path file, telemetry::Metrics& metrics)
      : file_(std::move(file)), metrics_(metrics) {}

  // Null: there is none yet, nothing was ever recorded. Opened anew when it was replaced, as the daemon does
  // with a damaged one, or when it failed.
  Result<store::SegmentIndex*> index();
  void note_failure() { open_.reset(); }

 private:
  struct Open {
    std::unique_ptr<store::Database> database;
    store::SegmentIndex index;
    ::dev_t device;
    ::ino_t inode;
  };

  const std::filesystem::path file_;
  telemetry::Metrics& metrics_;
  std::optional<Open> open_;
};

}  // namespace porchlight::api
