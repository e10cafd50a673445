// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <string>

#include "porchlight/record/recorder.hpp"

namespace porchlight::record {

// Which footage events want kept, and until when the events that go on want more. Recorder's thread.
class SpanBook {
 public:
  // An event whose end was never told does not go on for ever; and no more than so many go on at once.
  static constexpr std::chrono::hours longest{1};
  static constexpr std::size_t most = 64;

  SpanBook(std::string camera_id, const RecordOptions& options, std::function<void(RecordNote)> tell);

  void take(const Trigger& trigger);
  // Time passes: what goes on is told anew every 30 s, so that a crash does not forget it.
  void tick(MonotonicTime now);

  // What is to be recorded of it begins here.
  MonotonicTime begin_of(const Trigger& trigger) const { return trigger.at - pre_roll_; }
  // Something goes on, or its post-roll does.
  bool wants(MonotonicTime at) const { return !lasting_.empty() || at < until_; }
  MonotonicTime until() const noexcept { return until_; }

 private:
  struct Lasting {
    MonotonicTime first;
    MonotonicTime told;
  };
  void tell(const event::EventId& event, MonotonicTime first, MonotonicTime last);

  // const after construction
  const std::string camera_id_;
  const std::chrono::nanoseconds pre_roll_;
  const std::chrono::nanoseconds post_roll_;
  const std::function<void(RecordNote)> tell_;
  std::map<event::EventId, Lasting> lasting_;
  MonotonicTime until_{};
};

}  // namespace porchlight::record
