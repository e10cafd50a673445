// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "porchlight/base/clock.hpp"
#include "porchlight/record/recorder.hpp"
#include "record/cut_rules.hpp"
#include "record/record_instruments.hpp"
#include "record/segment_file.hpp"

namespace porchlight::record {

// The segment that is being written: the file, where it ends, and how much of it is on the medium. After an
// error of write(), sync() or finish() only abandon() is left. Recorder's thread.
class OpenSegment {
 public:
  struct Order {
    std::filesystem::path folder;
    std::string file;
    SegmentHead head;
    std::shared_ptr<const media::StreamInfo> audio;  // may be null
    std::chrono::milliseconds longest{};
  };
  // `first`: its keyframe. Errors: as SegmentWriter::create().
  static Result<std::unique_ptr<OpenSegment>> create(Order order, const media::Packet& first,
                                                     RecordInstruments& instruments);

  CutRules::Verdict judge(const media::Packet& picture) { return rules_.judge(picture); }
  const std::string& cut_reason() const noexcept { return rules_.reason(); }
  std::chrono::nanoseconds hole() const noexcept { return rules_.hole(); }  // CutRules::hole()
  // A picture behind the first one that is shown before it and refers to what is not in this segment.
  bool leaves_out(const media::Packet& picture);
  bool takes(const media::StreamInfo& audio) const;
  // Most cameras send their first sound after the first picture. Until something is written it finds its
  // place.
  bool join(const std::shared_ptr<const media::StreamInfo>& audio);

  Status append(const media::Packet& packet);
  // 0.8 s and more wait in memory, by the packets or by the clock.
  bool fragment_due(MonotonicTime now) const;
  Status write();
  Status sync();  // what was written since the last one; nothing: does nothing
  // The tail, synced, and its name. `end`: where the next segment begins; nothing: behind the last picture.
  Result<SegmentFinished> finish(std::optional<MonotonicTime> end);
  // What is on the medium of it. Nothing: not one fragment, and the file is gone.
  std::optional<SegmentFinished> abandon();

  MonotonicTime begin() const noexcept { return order_.head.begin; }
  MonotonicTime kept_until() const noexcept { return kept_until_; }  // begin(): nothing yet
  bool kept() const noexcept { return kept_until_ > begin(); }
  SegmentBegun begun() const;
  SegmentGrown grown() const;

 private:
  OpenSegment(Order order, const media::Packet& first, std::unique_ptr<SegmentWriter> writer,
              RecordInstruments& instruments);
  void note_kept();
  void note_written(std::uint64_t before);

  // const after construction
  Order order_;
  const std::shared_ptr<const media::StreamInfo> video_;
  const std::unique_ptr<SegmentWriter> writer_;
  RecordInstruments& instruments_;
  CutRules rules_;
  std::optional<MonotonicTime> oldest_pending_;  // arrival
  // Of the first picture, while such as are shown before it may come that nobody could decode.
  std::optional<std::chrono::nanoseconds> leading_before_;
  bool unsynced_ = false;
  MonotonicTime kept_until_;
  std::uint64_t kept_bytes_ = 0;
  std::uint64_t kept_frames_ = 0;
};

}  // namespace porchlight::record
