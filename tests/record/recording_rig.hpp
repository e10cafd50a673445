// SPDX-License-Identifier: Apache-2.0
// A recording over a simulated clock: real pictures, real segments in a temporary folder.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/temporary_folder.hpp"
#include "porchlight/record/recorder.hpp"
#include "record/record_instruments.hpp"
#include "record/recording.hpp"
#include "record/segment_file.hpp"

namespace porchlight::record::test {

// What was told, put together: one entry for each segment and each gap, in the order of their begins.
struct Stretch {
  MonotonicTime begin{};
  std::optional<MonotonicTime> end;      // nothing: goes on
  std::optional<event::GapCause> cause;  // nothing: a segment
  std::string detail;
  std::string file;
  std::uint64_t frames = 0;
  bool whole = true;

  std::int64_t begin_ms() const;
  std::int64_t end_ms() const;  // -1: goes on
};

class RecordingRig {
 public:
  static constexpr int fps = 25;
  static constexpr int gop = 25;  // a keyframe each second

  // `fresh`: the daemon has just started; else another recorder was there up to now.
  explicit RecordingRig(Mode mode, RecordOptions wanted = {}, bool audio = true, bool fresh = false);

  // Pictures in real time, 40 ms apart; a turn each 200 ms.
  void play(std::chrono::milliseconds duration);
  // Time passes and nothing comes.
  void pause(std::chrono::milliseconds duration);
  // So many pictures are made and do not arrive.
  void skip(int pictures) {
    number_ += pictures;
    clock.advance(pictures * picture_time);
  }
  // The camera begins anew: timestamps from 0, and a keyframe.
  void reconnect();
  void gone(event::GapCause cause) { recording->take(CameraGone{cause, clock.now()}); }
  void trigger(event::EventId id, MonotonicTime at, bool lasts = false) {
    recording->trigger({id, at, lasts});
  }
  // A turn's end, and what its threads did: simulated time does not pass for them.
  void settle();
  // The next picture, now.
  media::PacketPtr next();

  std::vector<Stretch> ledger() const;
  std::vector<Stretch> segments() const;
  std::vector<Stretch> gaps() const;
  std::vector<SpanNote> spans() const;
  // What a finished (or dead) segment really holds.
  ScannedSegment scan(const std::string& file, bool part = false) const;
  std::vector<std::string> files() const;  // everything beneath the folder but the volume's identity
  double gap_seconds() const;
  double gap_seconds(event::GapCause cause) const;
  std::int64_t now_ms() const;

  static constexpr std::chrono::milliseconds picture_time{40};
  TemporaryFolder folder;
  SimulatedClock clock;
  std::vector<RecordNote> notes;
  std::function<Result<std::shared_ptr<const Volume>>()> volume;
  int rooms_asked = 0;
  mutable telemetry::Metrics metrics;
  std::unique_ptr<RecordInstruments> instruments;
  std::unique_ptr<Recording> recording;

 private:
  int number_ = 0;  // of the picture since the connection began
  int turn_ = 0;    // pictures since the last turn
};

// Every instant from the first to the last stretch stands in exactly one, but for one picture's time.
void expect_no_hole(const std::vector<Stretch>& ledger);

}  // namespace porchlight::record::test
