// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "porchlight/base/clock.hpp"
#include "porchlight/base/result.hpp"
#include "porchlight/media/packet.hpp"

namespace porchlight::record {

// What a segment says of itself, in a `uuid` box behind its `moov`: enough to have the index again from the
// files alone.
struct SegmentHead {
  std::string camera_id;
  std::string boot_id;
  MonotonicTime begin{};          // of the first picture
  std::optional<WallTime> start;  // the same instant, when the clock was believed
  std::string version;            // of the program
};

// The last box of a segment, another `uuid`; a file without it was cut short.
struct SegmentTail {
  std::chrono::milliseconds duration{0};  // first picture to the end of the last
  std::uint64_t frames = 0;               // of video
  std::uint64_t bytes = 0;                // before this box
  std::uint32_t crc = 0;                  // CRC-32 of those bytes (zlib's polynomial)
  bool torn = false;                      // healed after a crash
};

// Writes one segment: fragmented MP4 (with G.711: QuickTime). Thread-bound. The file is called `<file>.part`
// until finish(). append() borrows the packet for the call only; nothing reaches the file before write().
// After an error the segment is dead: what was synced stays, abandon() closes it; a crash leaves the same.
class SegmentWriter {
 public:
  // `audio` may be null. Errors: unsupported (a codec that no segment can hold), io, resource (no space).
  static Result<std::unique_ptr<SegmentWriter>> create(const std::filesystem::path& folder,
                                                       const std::string& file, const SegmentHead& head,
                                                       std::shared_ptr<const media::StreamInfo> video,
                                                       std::shared_ptr<const media::StreamInfo> audio);
  virtual ~SegmentWriter() = default;

  // `at`: presentation within the segment, since the first picture; grows with each picture that is decoded.
  virtual Status append(const media::Packet& packet) = 0;
  // Media that append() took and write() has not put into the file yet.
  virtual std::chrono::milliseconds pending() const = 0;
  // One fragment of everything pending: write(2), no sync.
  virtual Status write() = 0;
  // fdatasync; after the first one the folder, too.
  virtual Status sync() = 0;
  // Writes what is pending and the tail, syncs, renames, syncs the folder.
  virtual Result<SegmentTail> finish() = 0;
  virtual void abandon() noexcept = 0;

  virtual std::uint64_t bytes() const = 0;                 // written so far
  virtual std::uint64_t frames() const = 0;                // of video, written so far
  virtual std::chrono::milliseconds duration() const = 0;  // written so far
};

// Whether a segment can hold it, before anything is opened.
bool is_recordable(const media::StreamInfo& stream);

// What a file turns out to be. Never modifies it.
struct ScannedSegment {
  SegmentHead head;
  std::optional<SegmentTail> tail;  // nothing: cut short
  std::string codec;
  std::string audio_codec;
  int width = 0;
  int height = 0;
  std::uint64_t whole_bytes = 0;  // up to the end of the last whole fragment (or of the tail)
  std::uint64_t file_bytes = 0;
  std::uint64_t fragments = 0;
  std::uint64_t frames = 0;
  std::chrono::milliseconds duration{0};
  std::vector<std::string>
      faults;  // named as docs/storage.md lists them: bad_box, bad_crc, trailing_bytes, …
};
enum class Depth : std::uint8_t { boxes, contents };  // contents: reads every byte for the CRC
// Errors: not_found, io, corrupt (no head can be made out: it is no segment of ours).
Result<ScannedSegment> scan_segment(const std::filesystem::path& file, Depth depth = Depth::boxes);

// After a crash: cuts `<file>.part` behind its last whole fragment, adds a tail that says `torn`, syncs,
// gives it its name, syncs the folder. A file without one whole fragment is removed (ErrorCode::not_found
// says so). Idempotent.
Result<ScannedSegment> heal_segment(const std::filesystem::path& part);

}  // namespace porchlight::record
