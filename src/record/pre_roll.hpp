// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <deque>
#include <vector>

#include "porchlight/record/recorder.hpp"

namespace porchlight::record {

// What came in lately, kept in memory until an event wants it: whole groups of pictures, and in their place
// what was missing between them. Bounded in bytes. Recorder's thread.
class PreRoll {
 public:
  struct Limits {
    std::chrono::nanoseconds keep{};  // at least so far back
    std::size_t bytes = std::size_t{32} << 20;
  };
  explicit PreRoll(Limits limits) : limits_(limits) {}

  void add(RecordItem item);
  // Takes out everything from the keyframe at or before `from` on, or from the first after it where there
  // is none; what was missing between is told before that.
  std::vector<RecordItem> take_from(MonotonicTime from);
  // Why there is nothing before the first item.
  event::GapCause missing_before() const noexcept { return missing_before_; }
  // Empties it: what comes next follows a gap of this cause.
  void begin_after(event::GapCause cause);

  std::size_t bytes() const noexcept { return bytes_; }
  std::size_t size() const noexcept { return items_.size(); }

 private:
  struct Held {
    RecordItem item;
    MonotonicTime at;
    bool keyframe = false;
    bool note = false;  // not a packet
  };
  static Held held(RecordItem item);
  std::size_t next_group() const noexcept;
  void drop_front(std::size_t count);
  void trim(MonotonicTime now);

  const Limits limits_;
  std::deque<Held> items_;  // begins with a keyframe or a note
  std::size_t bytes_ = 0;
  event::GapCause missing_before_ = event::GapCause::configuration;
};

}  // namespace porchlight::record
