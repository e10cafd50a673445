// SPDX-License-Identifier: Apache-2.0
#include "pipeline/footage_events.hpp"

#include <algorithm>

namespace porchlight::pipeline {
namespace {

using event::DiskFault;
using event::GapCause;

double seconds_of(std::chrono::nanoseconds span) {
  return std::max(0.0, std::chrono::duration<double>(span).count());
}

bool is_on_purpose(GapCause cause) {
  return cause == GapCause::stopped || cause == GapCause::configuration;
}

// Of a gap that is over and was not told before.
bool is_worth_telling(GapCause cause, std::chrono::nanoseconds span) {
  if (is_on_purpose(cause)) return span >= FootageEvents::gap_told_after;
  return span > FootageEvents::hiccup;
}

}  // namespace

WallTime FootageEvents::wall_of(MonotonicTime at) const {
  return clock_.wall() + std::chrono::duration_cast<WallTime::duration>(at - clock_.now());
}

event::Header FootageEvents::header_at(MonotonicTime begin) const {
  const auto at = wall_of(begin);
  return {event::EventId::generate(at), at, begin, event::TraceContext::start()};
}

void FootageEvents::gap(const record::GapNote& note) {
  const auto key = std::pair(note.camera_id, note.begin);
  if (!note.end) {
    if (gaps_.size() >= most_open_gaps && !gaps_.contains(key)) return;
    gaps_[key].note = note;
    return turn();
  }
  const auto known = gaps_.extract(key);
  const auto told = known ? known.mapped().told : std::nullopt;
  if (told)
    tell_gap(note, *told, *note.end, true);
  else if (is_worth_telling(note.cause, *note.end - note.begin))
    tell_gap(note, header_at(note.begin), *note.end, false);
}

void FootageEvents::tell_gap(const record::GapNote& note, const event::Header& header, MonotonicTime until,
                             bool completes) {
  event::FootageGap gap{header, note.camera_id, note.cause, {}, seconds_of(until - note.begin), note.detail};
  // By the header's time, so that a clock that was set meanwhile does not bend the span.
  if (note.end)
    gap.ended = header.at + std::chrono::duration_cast<WallTime::duration>(*note.end - note.begin);
  tell_({std::move(gap), nullptr, completes});
}

void FootageEvents::found(const FoundGap& found) {
  if (!is_worth_telling(found.cause, found.end - found.start)) return;
  const event::Header header{event::EventId::generate(found.start), found.start, clock_.now(),
                             event::TraceContext::start()};
  tell_({event::FootageGap{header, found.camera_id, found.cause, found.end,
                           seconds_of(found.end - found.start), found.detail},
         nullptr});
}

void FootageEvents::disk(const std::string& folder, DiskFault fault, const std::string& detail) {
  if (fault == DiskFault::back) return disk_well(folder);
  if (fault == DiskFault::damaged_index) return tell_disk(folder, fault, detail);
  auto& trouble = troubles_[folder];
  trouble.well_since.reset();
  if (trouble.told.insert(fault).second) tell_disk(folder, fault, detail);
}

void FootageEvents::disk_well(const std::string& folder) {
  const auto trouble = troubles_.find(folder);
  if (trouble == troubles_.end()) return;
  if (!trouble->second.well_since) trouble->second.well_since = clock_.now();
}

void FootageEvents::tell_disk(const std::string& folder, DiskFault fault, const std::string& detail) {
  tell_({event::DiskTrouble{event::make_header(clock_), folder, fault, detail}, nullptr});
}

void FootageEvents::turn() {
  const auto now = clock_.now();
  for (auto& [key, open] : gaps_) {
    if (open.told || now - open.note.begin < gap_told_after) continue;
    open.told = header_at(open.note.begin);
    tell_gap(open.note, *open.told, now, false);
  }
  std::erase_if(troubles_, [&](const auto& entry) {
    const auto& [folder, trouble] = entry;
    if (!trouble.well_since || now - *trouble.well_since < well_after) return false;
    tell_disk(folder, DiskFault::back, {});
    return true;
  });
}

}  // namespace porchlight::pipeline
