// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "porchlight/record/recorder.hpp"
#include "porchlight/telemetry/log.hpp"
#include "record/gap_book.hpp"
#include "record/open_segment.hpp"
#include "record/pre_roll.hpp"
#include "record/record_instruments.hpp"
#include "record/span_book.hpp"

namespace porchlight::record {

// What one recorder does with what comes, turn by turn: segments, and the evidence of what is in none. All
// calls from the recorder's thread; the time between turns is the caller's.
class Recording {
 public:
  Recording(RecorderOptions options, Clock& clock, RecordInstruments& instruments, Recorder::Ports ports);

  // From now on (or from `since`) time is to be recorded. Once more after end(): goes on where it left off.
  void begin();
  void take(RecordItem item);
  void trigger(const Trigger& trigger);
  // The end of a turn: what is due goes onto the medium.
  void settle();
  // Closes the segment and the gap.
  void end();

  bool writing() const noexcept { return segment_ != nullptr; }
  // A segment whose end is synced is getting its name; a later turn tells that it has.
  bool naming() const noexcept { return closing_ != nullptr && tail_awaited_; }
  MonotonicTime accounted_until() const noexcept { return accounted_; }

 private:
  bool planned() const noexcept { return options_.mode == Mode::continuous || planning_; }
  void take_planned(RecordItem item);
  void take_packet(const media::PacketPtr& packet);
  void take_audio(const media::PacketPtr& packet);
  void take_picture(const media::PacketPtr& picture);
  bool goes_on(const media::PacketPtr& picture);
  void note_hole(const media::Packet& keyframe, std::chrono::nanoseconds hole);
  void append(const media::Packet& packet);
  void try_segment(const media::PacketPtr& keyframe);
  MonotonicTime footage_until() const;
  Result<std::unique_ptr<OpenSegment>> make_segment(const Volume& volume, const media::PacketPtr& keyframe);
  void flush();
  void note_kept();
  void note_begun(OpenSegment& segment);
  void close(std::optional<MonotonicTime> end, std::chrono::nanoseconds later = {});
  void finish(std::optional<MonotonicTime> end);
  void await_tail();
  void await_name();
  void fail(const Error& error);
  void give_up(std::unique_ptr<OpenSegment> segment, const Error& error);
  void note_fault(const char* what, event::GapCause cause, const Error& error);
  void note_fault_goes_on(MonotonicTime at);
  void refuse(event::GapCause cause, MonotonicTime at, const Error& error);
  void interrupt(event::GapCause cause, MonotonicTime at, std::string detail);
  void gap(event::GapCause cause, MonotonicTime at, std::string detail);
  void note_waiting(MonotonicTime at);
  void count_gap();
  bool can_hold(const std::shared_ptr<const media::StreamInfo>& stream,
                std::shared_ptr<const media::StreamInfo>& said);
  // events mode
  bool is_over(const RecordItem& item) const;
  bool volume_is_known() const;
  void plan(MonotonicTime from);
  void plan_held();
  void stop_planning(MonotonicTime at, event::GapCause why);
  void look_at_window(MonotonicTime now);

  // const after construction
  const RecorderOptions options_;
  Clock& clock_;
  RecordInstruments& instruments_;
  const Recorder::Ports ports_;
  const telemetry::Logger log_{"doorbell.recorder", telemetry::Component::recording};
  GapBook gaps_;
  SpanBook spans_;
  PreRoll pre_roll_;
  std::unique_ptr<OpenSegment> segment_;
  // The one before it, while its end gets onto the medium.
  std::unique_ptr<OpenSegment> closing_;
  bool tail_awaited_ = false;  // of closing_: what it kept is told
  // The next segment's first picture is shown so much later than it comes: what lies in between is lost.
  std::chrono::nanoseconds hole_{};
  bool ever_begun_ = false;
  bool planning_ = false;  // events mode: a window is open
  // events mode: from here on something is wanted, and whether there is a volume is not known yet
  std::optional<MonotonicTime> held_;
  MonotonicTime planned_from_{};  // nothing before it is missed
  MonotonicTime accounted_{};     // up to here everything is in a segment or in a gap that ended
  MonotonicTime retry_at_{};
  MonotonicTime room_asked_{};
  MonotonicTime told_grown_{};
  bool camera_gone_ = false;                               // since the last packet
  std::optional<MonotonicTime> waiting_;                   // pictures come, and no keyframe, since then
  std::shared_ptr<const media::StreamInfo> audio_;         // the newest that can be recorded
  std::shared_ptr<const media::StreamInfo> audio_source_;  // what audio_ was made of
  std::shared_ptr<const media::StreamInfo> refused_;       // video that cannot, already said
  std::shared_ptr<const media::StreamInfo> refused_audio_;
  std::optional<event::GapCause> last_fault_;  // already logged
};

}  // namespace porchlight::record
