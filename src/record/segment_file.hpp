// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
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
// Two files that follow each other leave less: by so much a first picture may arrive late.
inline constexpr std::chrono::milliseconds least_unexplained{500};

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
// until finish(). Nothing reaches the file before write().
// After an error of write(), sync() or finish() the segment is dead: it is never written or synced again,
// what was synced stays, abandon() closes it. A crash leaves the same.
class SegmentWriter {
 public:
  // `file` lies beneath `folder`, which has to be there; what is missing between them is made and synced. It
  // ends in segment_ending(audio). `audio` may be null. `meter` hears how long each single sync took, on the
  // thread that made it. Errors: unsupported (a codec that no segment can
  // hold), already_exists, resource (no space), io, …
  static Result<std::unique_ptr<SegmentWriter>> create(
      const std::filesystem::path& folder, const std::string& file, const SegmentHead& head,
      std::shared_ptr<const media::StreamInfo> video, std::shared_ptr<const media::StreamInfo> audio,
      std::function<void(std::chrono::nanoseconds)> meter = {});
  SegmentWriter(const SegmentWriter&) = delete;
  SegmentWriter& operator=(const SegmentWriter&) = delete;
  ~SegmentWriter();

  // Takes a sound of which nobody knew at create(). False: something is written already, there is one, or the
  // file's name is for another.
  bool join(const std::shared_ptr<const media::StreamInfo>& audio);

  // Keeps the packet's bytes by reference until write(). The first has to be a keyframe; a sound that is
  // older than it, and all sound when there is no `audio`, is left out. Times are the packet's own or, where
  // it has none, those of its arrival. Errors: invalid_argument (not what the segment was made for),
  // unavailable (64 MiB wait already).
  Status append(const media::Packet& packet);
  // Pictures that append() took and write() has not put into the file yet.
  std::chrono::milliseconds pending() const;
  // One fragment of everything pending: write(2), no sync. The first also writes the head, for which it looks
  // into the packets where a stream did not say its parameters. Errors: unsupported (they are not there),
  // resource (no space), io, …
  Status write();
  // fdatasync; the first time the folder's sync beside it.
  Status sync();
  // The end, in steps that may be of different threads, one after the other: what is pending and the tail,
  // written; sync(); its name, and the folder synced. The writer is done with then. An error of the last may
  // have come after the renaming.
  Result<SegmentTail> write_tail();
  Status give_name();
  // All of them.
  Result<SegmentTail> finish();
  // Closes the file as it is; without anything in it it is removed.
  void abandon() noexcept;

  std::uint64_t bytes() const;                 // written so far
  std::uint64_t frames() const;                // of video, written so far
  std::chrono::milliseconds duration() const;  // written so far
  // In pixels, as the file says, whatever the source knew when it was opened; 0 before the first fragment.
  int width() const;
  int height() const;
  // The tail is synced, too. An error after that is about the name alone.
  bool all_synced() const;

 private:
  struct State;
  explicit SegmentWriter(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// Whether a segment can hold it, before anything is opened: H.264, H.265 and MJPEG; AAC, Opus and G.711.
bool is_recordable(const media::StreamInfo& stream);
// Without a dot: `mp4`, with G.711 `mov`. `audio` may be null.
const char* segment_ending(const media::StreamInfo* audio);

// Time of a segment whose fragments are missing although there are some behind it, since its first picture
// that is there. Pictures behind it can be decoded from the next keyframe on.
struct MissingTime {
  std::chrono::milliseconds from{0};  // below 0: its beginning is missing
  std::chrono::milliseconds to{0};
};

// What a file turns out to be. Never modifies it.
struct ScannedSegment {
  SegmentHead head;
  std::optional<SegmentTail> tail;  // nothing: cut short
  std::string codec;                // libavcodec's name
  std::string audio_codec;          // empty: none
  int width = 0;                    // pixels
  int height = 0;
  std::uint64_t whole_bytes = 0;  // up to the end of the last whole fragment (or of the tail)
  std::uint64_t file_bytes = 0;
  std::uint64_t fragments = 0;
  std::uint64_t frames = 0;  // of video, in whole fragments
  std::chrono::milliseconds duration{0};
  std::vector<std::string>
      faults;  // bad_box, missing_fragment, trailing_bytes, wrong_tail, bad_crc: docs/storage.md
  std::vector<MissingTime> missing;  // with missing_fragment
};
enum class Depth : std::uint8_t { boxes, contents };  // contents: reads every byte for the CRC
// Errors: not_found, io, corrupt (no head can be made out: it is no segment of ours).
Result<ScannedSegment> scan_segment(const std::filesystem::path& file, Depth depth = Depth::boxes);

// What somebody else knows of a part.
struct Kept {
  std::uint64_t bytes = 0;  // certainly on the medium; 0: nobody knows
  bool is_all = false;      // a sync failed after that: nothing behind may count
};

// After a crash: cuts `<file>.part` behind its last whole fragment, adds a tail that says `torn`, syncs,
// gives it its name, syncs the folder. One that was whole already only gets its name. Idempotent: where the
// part is gone and the file is there, that is looked at. Errors: not_found (without one whole fragment it is
// removed), corrupt (whole fragments lie behind a damage, it is no segment of ours, or its sync failed and
// nobody knows what of it is kept: nothing of it is gone), already_exists (part and file), resource, io, …
// When the sync fails, the part is cut back to what was kept before, so that who tries again syncs nothing
// twice.
Result<ScannedSegment> heal_segment(const std::filesystem::path& part, const Kept& kept = {});

}  // namespace porchlight::record
