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
#include "porchlight/event/gap_cause.hpp"
#include "porchlight/event/id.hpp"
#include "porchlight/store/database.hpp"

namespace porchlight::store {

// An instant by CLOCK_MONOTONIC, which means something within one boot of the machine only. `boot` is the
// number of that boot in the index: 1, 2, … in the order in which the daemon saw them.
struct BootMoment {
  std::int64_t boot = 0;
  std::chrono::milliseconds at{0};
  auto operator<=>(const BootMoment&) const = default;
};

enum class SegmentState : std::uint8_t {
  open,      // a recorder writes it: its file ends in .part
  closed,    // whole, with its tail
  torn,      // cut short by a crash and healed: whole up to its last fragment
  deleting,  // the file goes, then the row
};

// One file of footage. The times are those of the first picture and of the end of the last one.
struct Segment {
  std::int64_t id = 0;  // grows, never used twice
  std::string camera_id;
  std::string file;  // beneath the recordings' folder, without .part
  SegmentState state = SegmentState::open;
  BootMoment begin;
  std::chrono::milliseconds end_at{0};  // same boot; of an open one: what is known to be on the medium
  std::optional<WallTime> start;        // nothing: the clock of that boot is not believed (yet)
  std::optional<WallTime> end;
  std::uint64_t bytes = 0;
  std::uint64_t frames = 0;  // of video
  std::uint32_t crc = 0;     // CRC-32 (zlib's) of the whole file; 0 while open
  std::string codec;         // libavcodec's name
  std::string audio_codec;   // empty: none
  int width = 0;             // pixels
  int height = 0;
  bool is_protected = false;  // kept until somebody lets it go
};

// A row of the ledger: time that should have been recorded and was not.
struct Gap {
  std::int64_t id = 0;
  std::string camera_id;
  event::GapCause cause = event::GapCause::network;
  std::string detail;  // for people; may be empty
  BootMoment begin;
  std::optional<BootMoment> end;  // nothing: it goes on
  std::optional<WallTime> start;
  std::optional<WallTime> stop;
};

// Footage that belongs to an event: kept longer than what is merely continuous.
struct EventSpan {
  event::EventId event;
  std::string camera_id;
  BootMoment begin;
  BootMoment end;
};

struct FootageFilter {
  std::string camera_id;  // empty: all
  std::optional<WallTime> from;
  std::optional<WallTime> to;
  std::int64_t before_id = 0;  // 0: from the newest on
  std::size_t limit = 100;
  bool oldest_first = false;
};

// The index of the footage, in a database of its own (`storage.path`/footage.db): whoever loses it has it
// again from the files. Over one connection, thread-bound like it.
class SegmentIndex {
 public:
  // The file's schema is its own; a damaged file is ErrorCode::corrupt (see docs/storage.md for what the
  // daemon does then).
  static Result<std::unique_ptr<Database>> open(const std::filesystem::path& file,
                                                const DatabaseOptions& options, telemetry::Metrics* metrics);
  explicit SegmentIndex(Database& database) : database_(database) {}

  // The number of a boot, which it gets when it is first seen. `boot_id`: /proc/sys/kernel/random/boot_id.
  Result<std::int64_t> boot(const std::string& boot_id);
  // The wall time of a boot's monotonic zero is believed to be this. All rows of the boot get their times by
  // it. Earlier boots that would overlap are moved back; the order never changes.
  Status settle(std::int64_t boot, WallTime zero);

  // Each in one transaction of its own; success means that it is on the medium.
  Result<std::int64_t> begin(const Segment& segment);  // its id
  struct Growth {
    std::string file;
    std::chrono::milliseconds end_at{0};
    std::uint64_t bytes = 0;
    std::uint64_t frames = 0;
  };
  Status grow(const std::vector<Growth>& grown);
  // By `file`: state, end, bytes, frames and crc are taken.
  Status finish(const Segment& segment);
  Status protect(std::int64_t id, bool is_protected);
  Status begin_delete(const std::vector<std::int64_t>& ids);
  Status end_delete(const std::vector<std::int64_t>& ids);

  Result<std::int64_t> begin_gap(const Gap& gap);  // its id; `end` may be given at once
  Status end_gap(std::int64_t id, const BootMoment& end);
  Status keep_span(const EventSpan& span);  // by event and camera: the later call replaces

  Result<std::optional<Segment>> segment(std::int64_t id);
  Result<std::optional<Segment>> segment_of_file(const std::string& file);
  // Newest first unless the filter says otherwise. A row without believed times matches no interval, and
  // every filter without one.
  Result<std::vector<Segment>> segments(const FootageFilter& filter);
  Result<std::vector<Gap>> gaps(const FootageFilter& filter);
  // Those that overlap [begin, end) of one boot, oldest first.
  Result<std::vector<Segment>> segments_in(const std::string& camera_id, const BootMoment& begin,
                                           const BootMoment& end);
  Result<std::vector<EventSpan>> spans(const FootageFilter& filter);

 private:
  Database& database_;
};

}  // namespace porchlight::store
