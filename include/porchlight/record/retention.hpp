// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string_view>
#include <vector>

#include "porchlight/base/clock.hpp"
#include "porchlight/record/options.hpp"

namespace porchlight::record {

// What the planner needs to know of a segment that may go.
struct Holding {
  std::int64_t id = 0;
  std::uint64_t bytes = 0;
  std::optional<WallTime> end;  // nothing: its boot's clock was never believed, so it has no age
};

struct RetentionFacts {
  // Neither open nor protected, oldest first; as many as may go at once.
  std::vector<Holding> continuous;
  std::vector<Holding> of_events;
  std::uint64_t kept = 0;       // bytes of everything that is recorded, protected and open segments included
  std::uint64_t total = 0;      // bytes of the volume
  std::uint64_t free = 0;       // bytes that we may still write
  bool holds_root = false;      // the volume is that of `/`
  std::optional<WallTime> now;  // nothing: the clock is not believed, nothing is old
  std::uint64_t wanted = 0;     // a write found no space: so much is to be free, if the reserve is less; an
                                // eighth of the volume at most
};

enum class DeletionReason : std::uint8_t { age, space, operator_, corrupt, erasure_request };
// The label `reason` of recording_segments_deleted_total.
std::string_view to_string(DeletionReason reason) noexcept;

struct Doomed {
  std::int64_t id = 0;
  std::uint64_t bytes = 0;
  DeletionReason reason = DeletionReason::age;
};
struct RetentionPlan {
  std::vector<Doomed> doomed;  // in the order in which they go
  std::uint64_t short_by = 0;  // bytes that should go, too, and are not among the facts
};

// By age first; then by space, the oldest that is merely continuous first, then the oldest of events.
RetentionPlan plan_retention(const RetentionFacts& facts, const RecordOptions& options);

// recording.reserve, or what `auto` means: min(max(2 GiB, 15 % of the volume if it also holds `/`), 20 %).
std::uint64_t reserve_of(const RecordOptions& options, std::uint64_t total, bool holds_root) noexcept;
// Whether a folder lies on the file system of `/`.
bool lies_with_root(const std::filesystem::path& folder) noexcept;
// recording.keep.space in bytes.
std::uint64_t space_of(const RecordOptions& options, std::uint64_t total) noexcept;

// How long footage will be kept at the present rate, and what ends it.
struct ForecastFacts {
  std::uint64_t bytes_per_day = 0;  // that are recorded, continuous ones and events' together
  std::uint64_t held = 0;           // bytes that never go: protected
  std::uint64_t kept = 0;           // bytes of everything that is recorded
  std::uint64_t total = 0;
  std::uint64_t free = 0;
  bool holds_root = false;
};
struct Forecast {
  double days = 0;
  bool by_space = false;  // else by recording.keep.days
};
// Nothing: nothing was recorded yet.
std::optional<Forecast> forecast(const ForecastFacts& facts, const RecordOptions& options) noexcept;

}  // namespace porchlight::record
