// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "porchlight/base/clock.hpp"
#include "porchlight/record/recorder.hpp"
#include "record/cut_rules.hpp"
#include "record/record_instruments.hpp"
#include "record/segment_file.hpp"
#include "record/side_job.hpp"

namespace porchlight::record {

// The segment that is being written: the file, where it ends, and how much of it is on the medium. After an
// error of append(), write(), sync(), close(), … only abandon() is left. Recorder's thread.
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

  // A picture with which the fragment would last longer than a second begins the next: what waited is
  // written.
  Status append(const media::Packet& packet);
  // 0.8 s and more wait in memory, by the packets or by the clock, or something is written and not synced.
  bool sync_due(MonotonicTime now) const;
  Status write();
  Status sync();  // what was written since the last one; nothing: does nothing
  // The tail is written, and synced by a thread of its own: the next segment need not wait for it. `end`:
  // where that begins, or so much later at most as the last picture is shown; nothing: behind the last
  // picture. Then only the next three and abandon().
  Status close(std::optional<MonotonicTime> end, std::chrono::nanoseconds later = {});
  // Waits for that sync; begins to give it its name, on a thread of its own, too.
  Status await_tail();
  bool named() const noexcept { return naming_ && naming_->done(); }
  Result<SegmentFinished> await_name();
  // What is on the medium of it. Nothing: not one fragment, and the file is gone.
  std::optional<SegmentFinished> abandon();

  MonotonicTime begin() const noexcept { return order_.head.begin; }
  MonotonicTime kept_until() const noexcept { return kept_until_; }  // begin(): nothing yet
  MonotonicTime ends() const noexcept { return finished_.end; }  // after close(): where what follows begins
  bool kept() const noexcept { return kept_until_ > begin(); }
  // Whether begun() has not been told yet; afterwards it has.
  bool tell_begun() noexcept { return !std::exchange(begun_told_, true); }
  SegmentBegun begun() const;
  SegmentGrown grown() const;

 private:
  OpenSegment(Order order, const media::Packet& first, std::unique_ptr<SegmentWriter> writer,
              RecordInstruments& instruments);
  bool overfills(const media::Packet& picture) const;
  void note_kept();
  void note_written(std::uint64_t before);

  // const after construction
  Order order_;
  const std::shared_ptr<const media::StreamInfo> video_;
  const std::unique_ptr<SegmentWriter> writer_;
  RecordInstruments& instruments_;
  CutRules rules_;
  std::optional<MonotonicTime> oldest_pending_;  // arrival
  std::optional<MonotonicTime> first_picture_;   // of those pending
  int pending_pictures_ = 0;
  // Of the first picture, while such as are shown before it may come that nobody could decode.
  std::optional<std::chrono::nanoseconds> leading_before_;
  bool unsynced_ = false;
  bool begun_told_ = false;
  MonotonicTime kept_until_;
  std::uint64_t kept_bytes_ = 0;
  std::uint64_t kept_frames_ = 0;
  SegmentFinished finished_;
  std::chrono::steady_clock::time_point closing_since_;
  std::unique_ptr<SideJob> tail_;  // these two: last, their threads use what stands above
  std::unique_ptr<SideJob> naming_;
};

}  // namespace porchlight::record
