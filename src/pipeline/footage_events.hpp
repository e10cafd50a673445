// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "pipeline/dispatcher.hpp"
#include "porchlight/event/event.hpp"
#include "porchlight/record/recorder.hpp"

namespace porchlight::pipeline {

// Which news of the footage are worth telling, and when: turns gaps and what is wrong with the disk into
// events. Thread-bound; waits for nothing. docs/events.md has the rules.
class FootageEvents {
 public:
  // Nobody wants a message for a hiccup. A gap is told when it has lasted so long, …
  static constexpr std::chrono::seconds gap_told_after{10};
  // … or at its end, when it was longer than this. One that somebody made on purpose (stopped, configuration)
  // has to be gap_told_after long.
  static constexpr std::chrono::seconds hiccup{2};
  // A disk is well again when nothing was wrong for so long: one that fails now and then is one trouble.
  static constexpr std::chrono::seconds well_after{60};
  static constexpr std::size_t most_open_gaps = 256;

  // Calls `tell` on the calling thread.
  FootageEvents(const Clock& clock, std::function<void(Incoming)> tell)
      : clock_(clock), tell_(std::move(tell)) {}

  // As a recorder tells it: when it begins, and again when it ends.
  void gap(const record::GapNote& note);
  // One that is over and was found afterwards, as at a start; its times are those of the ledger.
  struct FoundGap {
    std::string camera_id;
    event::GapCause cause = event::GapCause::crash;
    std::string detail;
    WallTime start{};
    WallTime end{};
  };
  void found(const FoundGap& gap);

  // As often as it is seen; told once. `damaged_index` is no state that ends, `back` is disk_well().
  void disk(const std::string& folder, event::DiskFault fault, const std::string& detail);
  // Nothing is wrong there (any more), as often as it is seen.
  void disk_well(const std::string& folder);

  // About once a second.
  void turn();

 private:
  struct OpenGap {
    record::GapNote note;
    std::optional<event::Header> told;
  };
  struct Trouble {
    std::set<event::DiskFault> told;
    std::optional<MonotonicTime> well_since;
  };

  WallTime wall_of(MonotonicTime at) const;
  event::Header header_at(MonotonicTime begin) const;
  void tell_gap(const record::GapNote& note, const event::Header& header, MonotonicTime until,
                bool completes);
  void tell_disk(const std::string& folder, event::DiskFault fault, const std::string& detail);

  const Clock& clock_;
  const std::function<void(Incoming)> tell_;
  std::map<std::pair<std::string, MonotonicTime>, OpenGap> gaps_;  // by camera and begin
  std::map<std::string, Trouble> troubles_;                        // by folder
};

}  // namespace porchlight::pipeline
