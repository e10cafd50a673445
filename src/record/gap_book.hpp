// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "porchlight/record/recorder.hpp"

namespace porchlight::record {

// The gap of one camera that goes on, if there is one: told once it has lasted at all, and at its end, and
// counted while it lasts. One without length is never told: it would be a row that explains nothing.
// Recorder's thread.
class GapBook {
 public:
  // `count`: so much longer than at the last call.
  using Count = std::function<void(event::GapCause, std::chrono::nanoseconds)>;
  GapBook(std::string camera_id, std::function<void(RecordNote)> tell, Count count);

  // From `begin` on nothing is kept, because of this. When a gap goes on already, and for another reason,
  // that one ends here.
  void begin(event::GapCause cause, MonotonicTime begin, std::string detail);
  void end(MonotonicTime end);
  // Time passes, up to `now` in this gap.
  void count(MonotonicTime now);

  bool open() const noexcept { return gap_.has_value(); }
  std::optional<event::GapCause> cause() const noexcept {
    return gap_ ? std::optional(gap_->cause) : std::nullopt;
  }

 private:
  // const after construction
  const std::string camera_id_;
  const std::function<void(RecordNote)> tell_;
  const Count count_;
  std::optional<GapNote> gap_;
  MonotonicTime counted_{};  // beyond its begin: it was told
};

}  // namespace porchlight::record
