// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "porchlight/base/result.hpp"
#include "porchlight/event/id.hpp"

namespace porchlight::store {

// A picture as it travels from the encoder to disk and network: shared, never copied.
using JpegBytes = std::shared_ptr<const std::vector<std::uint8_t>>;

// `<storage.path>/snapshots/<event id>.jpg`, one durable file per picture (0640, folder 0750).
// No state but the path: any thread that may touch the disk.
class SnapshotFolder {
 public:
  // Creates the folder and removes what a crash left half written.
  static Result<SnapshotFolder> open(const std::filesystem::path& folder);

  // Returns the file's name once it is on the medium; then EventLog::amend() may name it.
  Result<std::string> save(const event::EventId& id, std::span<const std::uint8_t> jpeg) const;
  Result<JpegBytes> load(const event::EventId& id) const;
  std::filesystem::path path_of(const event::EventId& id) const;

  // The film that goes with an event's messages, `<event id>.clip` beside its picture, as durably.
  Status save_clip(const event::EventId& id, std::span<const std::uint8_t> clip) const;
  Result<JpegBytes> load_clip(const event::EventId& id) const;
  // Those that nobody is waiting for any more. Returns how many went.
  std::size_t forget_clips(std::chrono::seconds older_than) const;

 private:
  std::filesystem::path clip_of(const event::EventId& id) const;

  explicit SnapshotFolder(std::filesystem::path folder) : folder_(std::move(folder)) {}
  std::filesystem::path folder_;
};

}  // namespace porchlight::store
