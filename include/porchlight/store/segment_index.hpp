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
  std::string camera_id{};
  std::string file{};  // beneath the recordings' folder, without .part
  SegmentState state = SegmentState::open;
  BootMoment begin{};
  std::chrono::milliseconds end_at{0};  // same boot; of an open one: what is known to be on the medium
  std::optional<WallTime> start{};      // nothing: the clock of that boot is not believed (yet)
  std::optional<WallTime> end{};
  std::uint64_t bytes = 0;
  std::uint64_t frames = 0;   // of video
  std::uint32_t crc = 0;      // CRC-32 (zlib's) of the whole file; 0 while open
  std::string codec{};        // libavcodec's name
  std::string audio_codec{};  // empty: none
  int width = 0;              // pixels
  int height = 0;
  bool is_protected = false;  // kept until somebody lets it go
};

// A row of the ledger: time that should have been recorded and was not.
struct Gap {
  std::int64_t id = 0;
  std::string camera_id{};
  event::GapCause cause = event::GapCause::network;
  std::string detail{};  // for people; may be empty
  BootMoment begin{};
  std::optional<BootMoment> end{};  // nothing: it goes on
  std::optional<WallTime> start{};
  std::optional<WallTime> stop{};
};

// Footage that belongs to an event: kept longer than what is merely continuous.
struct EventSpan {
  event::EventId event;
  std::string camera_id{};
  BootMoment begin{};
  BootMoment end{};
};

struct FootageFilter {
  std::string camera_id{};  // empty: all
  std::optional<WallTime> from{};
  std::optional<WallTime> to{};
  std::int64_t before_id = 0;  // 0: from the newest on
  std::size_t limit = 100;
  bool oldest_first = false;
};

// The index of the footage, in a database of its own (`storage.path`/footage.db): whoever loses it has it
// again from the files, but for spans, protection and the ledger's causes: see salvage(). Over one
// connection, thread-bound like it.
class SegmentIndex {
 public:
  // The file's schema is its own; a damaged file is ErrorCode::corrupt (see docs/storage.md for what the
  // daemon does then).
  static Result<std::unique_ptr<Database>> open(const std::filesystem::path& file,
                                                const DatabaseOptions& options, telemetry::Metrics* metrics);
  explicit SegmentIndex(Database& database) : database_(database) {}

  // The number of a boot, which it gets when it is first seen. `boot_id`: /proc/sys/kernel/random/boot_id.
  Result<std::int64_t> boot(const std::string& boot_id);
  struct Boot {
    std::int64_t number = 0;
    std::string id;
    std::optional<WallTime> zero;  // nothing: its clock was never believed
  };
  Result<std::vector<Boot>> boots();  // in order
  // The wall time of a boot's monotonic zero is believed to be this. All rows of the boot get their times by
  // it. Earlier boots that would overlap are moved back; the order never changes.
  Status settle(std::int64_t boot, WallTime zero);
  // A boot of which files tell that the index does not know: its number. `zero` as the files have it; what
  // the index believes already stays. Afterwards order_boots().
  Result<std::int64_t> adopt_boot(const std::string& boot_id, const std::optional<WallTime>& zero);
  // Numbers the boots anew in the order of their zeros; one without stays behind the one before it, and
  // `last` is the last. Invalidates numbers that were given out.
  Status order_boots(const std::string& last);

  // Each in one transaction of its own; success means that it is on the medium.
  Result<std::int64_t> begin(const Segment& segment);  // its id; any state (files that are found)
  // A file that was found: its row, and no gap any more where it has footage. One that reaches beyond it on
  // both sides becomes two; what is left of its end keeps its id. The boots have to be in order. Errors: as
  // begin().
  Result<std::int64_t> adopt(const Segment& segment);
  struct Growth {
    std::string file;
    std::chrono::milliseconds end_at{0};
    std::uint64_t bytes = 0;
    std::uint64_t frames = 0;
  };
  // `alive`: the daemon ran until then (see LastRun). A file without a row is left out.
  Status grow(const std::vector<Growth>& grown, const std::optional<BootMoment>& alive = {});
  // By `file`: state, end, bytes, frames and crc are taken; the ledger gives way as in adopt(). not_found:
  // there is no such row.
  Status finish(const Segment& segment);
  Status protect(std::int64_t id, bool is_protected);
  Status begin_delete(const std::vector<std::int64_t>& ids);
  Status end_delete(const std::vector<std::int64_t>& ids);
  // The file is not there any more: its row becomes a gap, whose id this is.
  Result<std::int64_t> replace_by_gap(std::int64_t id, const Gap& gap);

  Result<std::int64_t> begin_gap(const Gap& gap);  // its id; `end` may be given at once
  Status end_gap(std::int64_t id, const BootMoment& end);
  Status keep_span(const EventSpan& span);  // by event and camera: the later call replaces

  Result<std::optional<Segment>> segment(std::int64_t id);
  Result<std::optional<Segment>> segment_of_file(const std::string& file);
  Result<std::optional<Gap>> gap(std::int64_t id);
  // Newest first unless the filter says otherwise. A row without believed times matches no interval, and
  // every filter without one. `before_id`: those that stand behind that row in the list.
  Result<std::vector<Segment>> segments(const FootageFilter& filter);
  Result<std::vector<Gap>> gaps(const FootageFilter& filter);
  // Those that overlap [begin, end) of one boot, oldest first.
  Result<std::vector<Segment>> segments_in(const std::string& camera_id, const BootMoment& begin,
                                           const BootMoment& end);
  Result<std::vector<EventSpan>> spans(const FootageFilter& filter);

  // What the keeper asks.
  // By id, those above `after`.
  Result<std::vector<Segment>> in_state(SegmentState state, std::size_t limit, std::int64_t after = 0);
  Result<std::vector<Segment>> in_folder(const std::string& folder);                  // `<camera>/<date>`
  Result<std::vector<Segment>> by_file(const std::string& after, std::size_t limit);  // in their names' order
  // What may be deleted, oldest first: neither open nor protected. `of_event`: whether a span overlaps it.
  Result<std::vector<Segment>> oldest(bool of_event, std::size_t limit);
  Result<std::uint64_t> bytes();  // of all segments but those that are being written
  // Of what begins at or after an instant: how much, and since when.
  struct Recorded {
    std::uint64_t bytes = 0;
    std::optional<WallTime> since;
  };
  Result<Recorded> recorded_since(WallTime from);
  // The beginning of the oldest of them that belongs to no event and is not protected.
  Result<std::optional<WallTime>> continuous_since(WallTime from);
  Result<std::uint64_t> protected_bytes();
  Result<std::vector<std::string>> protected_files();
  Result<std::vector<std::string>> cameras();
  Result<std::vector<Gap>> open_gaps();
  // The end of what is known of a camera, segments and gaps, among rows that begin before a moment.
  Result<std::optional<BootMoment>> known_until(const std::string& camera_id, const BootMoment& before);
  // Each hole of more than `least` between two segments of a camera of which the ledger says nothing becomes
  // a gap `damaged`: for an index that was built anew.
  // Their ids.
  Result<std::vector<std::int64_t>> fill_holes(const std::string& camera_id, std::chrono::milliseconds least,
                                               const std::string& detail);
  // A segment that was found as a file ends behind its last picture; one that the recorder wrote ends where
  // the next stretch of the ledger begins, by our clock. For those whose ends are no further than `least`
  // before it and two seconds behind it: they end there, too.
  Status join_ends(const std::string& camera_id, std::chrono::milliseconds least);
  // Whether a segment or a gap begins where this one ends.
  Result<bool> is_followed(const Segment& segment);
  // What can still be read of a damaged index and stands in no file: protection, spans, the ledger as far as
  // no footage contradicts it (its open gaps go on), and last_run(). How many rows, the last not counted;
  // none where nothing can be read.
  Result<std::uint64_t> salvage(const std::filesystem::path& damaged);
  // Forgets spans and gaps that ended before the oldest segment.
  Status prune();

  // How the daemon that wrote last ended.
  struct LastRun {
    bool ended = false;               // it had been told to
    std::optional<BootMoment> alive;  // when it last said that it was there; nothing: there was none
  };
  Result<LastRun> last_run();
  Status begin_run(const BootMoment& now);
  Status end_run(const BootMoment& now);

  // The id of the volume on which the files lie; nothing: none was ever used.
  Result<std::optional<std::string>> volume_id();
  Status set_volume_id(const std::string& id);

 private:
  Status make_way(const Segment& segment);  // in the caller's transaction
  Status save_gap(const Gap& gap);
  Database& database_;
};

}  // namespace porchlight::store
