// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "porchlight/base/clock.hpp"
#include "porchlight/base/result.hpp"

namespace porchlight::record {

// The folder in which footage lies, known by the file `porchlight-volume.json` in it, so that a disk that was
// not mounted is not taken for an empty one. Immutable; any thread.
class Volume {
 public:
  static constexpr const char* identity_file = "porchlight-volume.json";
  static constexpr const char* proof_file = "porchlight-health.part";  // of prove(), which removes it

  // `expected`: the id that the index knows; nothing: none was ever used. Then an empty or missing folder
  // gets its identity. Errors: not_found (the folder or its identity is missing though one is expected; or it
  // holds something and has none), already_exists (another volume), corrupt (an identity that cannot be
  // read), permission_denied (read-only, somebody else's), io, … Each names the mend.
  static Result<Volume> open(const std::filesystem::path& folder, const std::optional<std::string>& expected);
  // What `porchlight footage init` does: gives an identity to a folder that has none, whatever else is in it.
  // already_exists: it has one.
  static Result<Volume> init(const std::filesystem::path& folder);

  const std::filesystem::path& folder() const noexcept { return folder_; }
  const std::string& id() const noexcept { return id_; }

  struct Space {
    std::uint64_t total = 0;  // bytes
    std::uint64_t free = 0;   // for us
  };
  Result<Space> space() const;
  // Makes a file and removes it. A file system that gave up after an error of its own may call itself
  // writable and refuse this alone. A volume without space is no error.
  Status try_writing() const;
  // Writes 64 KiB, syncs them, reads them back and removes them. A volume without space is an error here.
  // Waits for the disk; one at a time.
  Status prove() const;

  // Beneath the folder: `front/2026-11-26/15-04-05.123Z.mp4`; while the clock is not believed
  // `front/unsettled/<first 8 of the boot id>-<monotonic ms>.mp4`. G.711 makes it .mov.
  static std::string file_of(const std::string& camera_id, const std::optional<WallTime>& start,
                             const std::string& boot_id, MonotonicTime begin, const char* extension = "mp4");

 private:
  Volume(std::filesystem::path folder, std::string id) : folder_(std::move(folder)), id_(std::move(id)) {}
  std::filesystem::path folder_;
  std::string id_;
};

}  // namespace porchlight::record
