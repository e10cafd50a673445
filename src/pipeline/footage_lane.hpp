// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <deque>
#include <filesystem>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "pipeline/footage_events.hpp"
#include "pipeline/footage_job.hpp"
#include "porchlight/base/heartbeat.hpp"
#include "porchlight/base/mailbox.hpp"
#include "porchlight/record/options.hpp"
#include "porchlight/record/recorder.hpp"
#include "porchlight/record/recovery.hpp"
#include "porchlight/record/volume.hpp"
#include "porchlight/record/volume_lock.hpp"
#include "porchlight/store/segment_index.hpp"
#include "porchlight/telemetry/log.hpp"
#include "porchlight/telemetry/metrics.hpp"

namespace porchlight::pipeline {

// What the lane is to know of the configuration.
struct FootagePlan {
  struct Camera {
    std::string id;
    record::Mode mode = record::Mode::continuous;
  };
  record::RecordOptions recording;  // its folder stays what it was at the start
  std::vector<Camera> cameras;      // those that are recorded
};
using FootagePlanPtr = std::shared_ptr<const FootagePlan>;
struct Options;
FootagePlanPtr footage_plan_of(const Options& options);

// What somebody has to hear of. With all but almost_full, damaged_index and back nothing can be recorded.
enum class VolumeFault : std::uint8_t {
  full,  // and nothing that may be deleted
  almost_full,
  read_only,
  missing,
  wrong_volume,
  error,
  damaged_index,  // the index was made anew from the files
  back            // what was said last is over
};
struct VolumeTrouble {
  VolumeFault fault = VolumeFault::error;
  std::string detail;
};

// The only thread of the daemon that writes the index of the footage and deletes footage. Makes index and
// files agree at its start, before anything is recorded; watches the volume; commits what recorders tell, and
// holds it in memory while the index cannot be written; says what o'clock a monotonic instant was.
class FootageLane {
 public:
  struct Options {
    std::filesystem::path folder;  // storage.path, where the index lies
    std::string boot_id;           // /proc/sys/kernel/random/boot_id
    bool has_clock_chip = false;
  };
  // Called on the lane's thread; must not block.
  struct Ports {
    std::function<bool()> clock_is_synchronised;
    std::function<void(const VolumeTrouble&)> trouble = [](const VolumeTrouble&) {};
    std::function<void(const record::GapNote&)> gap = [](const record::GapNote&) {};
    // What nobody was there to record, once somebody is again and the clock is believed.
    std::function<void(const FootageEvents::FoundGap&)> found = [](const FootageEvents::FoundGap&) {};
    std::function<void()> turn = [] {};  // several times a second
  };
  static constexpr std::size_t waiting_limit = 8192;  // notes that cannot be written yet

  FootageLane(Options options, FootagePlanPtr plan, const Clock& clock, telemetry::Metrics& metrics,
              Wakeup wakeup, Ports ports);
  ~FootageLane();
  FootageLane(const FootageLane&) = delete;
  FootageLane& operator=(const FootageLane&) = delete;

  void configure(FootagePlanPtr plan) { new_plan_.post(std::move(plan)); }  // main thread
  void run(std::stop_token stop, Heartbeat& heartbeat);

  // Any thread; none waits.
  bool tell(record::RecordNote note) { return queue_.push(FootageJob(std::move(note))); }
  void make_room() { queue_.push(MakeRoom{}); }
  FootageQueue& queue() noexcept { return queue_; }
  // The volume that may be written now, or why there is none: `unavailable` until the lane is ready.
  Result<std::shared_ptr<const record::Volume>> volume() const;
  // Wall time of an instant; nothing while the clock is not believed.
  std::optional<WallTime> wall(MonotonicTime at) const noexcept;

 private:
  struct Standing {
    std::shared_ptr<const record::Volume> volume;
    Error fault{ErrorCode::unavailable, ""};
  };
  struct Open {
    std::unique_ptr<store::Database> database;
    store::SegmentIndex index{*database};
  };
  using GapKey = std::pair<std::string, MonotonicTime>;
  struct OpenGap {
    record::GapNote note;
    std::int64_t id = 0;
  };

  // footage_lane.cpp
  void turn(Heartbeat& heartbeat);
  void take_plan();
  void take_jobs(Heartbeat& heartbeat);
  void end(Heartbeat& heartbeat);
  void open_index();
  void set_index_aside();
  void look_at_volume(Heartbeat& heartbeat);
  bool is_suspect() const;
  bool keep_others_out();
  Status recover(const record::Volume& volume, Heartbeat& heartbeat);
  void tell_recovery(const record::RecoveryReport& report);
  void stand(std::shared_ptr<const record::Volume> volume);
  void stand(const Error& fault);
  void publish(const std::string& key, Standing standing);
  void failed(std::string_view doing, const Error& error);

  // footage_notes.cpp
  void take_note(record::RecordNote note);
  void write_notes(Heartbeat& heartbeat);
  Status write(const record::RecordNote& note);
  Status write(const record::SegmentBegun& note);
  Status write(const record::SegmentFinished& note);
  Status write(const record::GapNote& note);
  Status write(const record::SpanNote& note);
  Status finish_row(const record::SegmentFinished& note);
  Status end_start_gap(const std::string& camera_id, MonotonicTime at);
  Status end_open_gaps(const std::string& camera_id, MonotonicTime at);
  void commit_growth();
  void heal_failed();
  Status count_healed(const std::string& file);
  Status know_again(std::map<GapKey, OpenGap>& told);
  Status tell_again();
  store::BootMoment moment(MonotonicTime at) const;

  // footage_start.cpp
  Status note_start();
  Status note_absence(const FootagePlan::Camera& camera, event::GapCause cause);
  Status note_late_absences();
  Status note_missed_spans(const std::string& camera_id, event::GapCause cause,
                           const store::BootMoment& known);
  void look_at_clock();
  void tell_found();
  void count_found(const store::Gap& gap, WallTime::duration missing);
  bool may_age(MonotonicTime now);
  void believe(std::int64_t zero_ms);

  // footage_keeping.cpp
  void retain();
  void remove(const std::vector<record::Doomed>& doomed);
  Status finish_removal();
  void note_undeletable(std::map<std::int64_t, Error> left);
  void protect(const ProtectSegments& order);
  Status agree_on_protection(const record::Volume& volume);
  Status list_protected(const std::vector<std::int64_t>& ids);
  void remove(const DeleteSegments& order);
  void show_oldest();
  void tidy();

  // const after construction
  const Options options_;
  const Clock& clock_;
  telemetry::Metrics& metrics_;
  const telemetry::Logger log_{"doorbell.footage", telemetry::Component::recording};
  const Ports ports_;
  telemetry::Counter errors_;
  std::map<record::DeletionReason, telemetry::Counter> deleted_;
  Wakeup wakeup_;
  FootageQueue queue_;
  Mailbox<FootagePlanPtr> new_plan_;
  // written by the lane, read by any thread
  static constexpr std::int64_t no_zero = std::numeric_limits<std::int64_t>::min();
  std::atomic<std::int64_t> zero_ms_{no_zero};
  std::atomic<const Standing*> standing_;
  // lane only
  std::map<std::string, std::unique_ptr<Standing>> standings_;  // kept: a reader may still hold one
  FootagePlanPtr plan_;
  std::filesystem::path recordings_;
  std::unique_ptr<Open> open_;
  std::shared_ptr<const record::Volume> volume_;
  std::optional<record::VolumeLock> lock_;  // of that volume
  int lock_refused_ = 0;                    // times in a row
  std::int64_t boot_ = 0;
  const MonotonicTime begun_;
  bool started_ = false;                            // what the last run left is in the ledger
  std::map<std::string, event::GapCause> unknown_;  // cameras of which nothing stood there, and why it ended
  bool recovered_ = false;                          // index and files agree
  bool rebuilt_ = false;                            // the index was lost
  std::filesystem::path damaged_index_;             // where it is now
  bool damaged_ = false;                            // and has to be set aside
  bool live_ = false;                               // recorders were let in
  std::int64_t settled_ms_ = no_zero;
  std::deque<record::RecordNote> waiting_;
  std::uint64_t given_up_ = 0;  // notes
  std::uint64_t queue_dropped_ = 0;
  std::map<std::string, record::SegmentBegun> writing_;  // by file
  std::map<std::string, store::SegmentIndex::Growth> growth_;
  std::map<std::string, bool> unhealed_;            // by file; whether its row says all that was kept of it
  std::map<GapKey, OpenGap> gaps_;                  // that go on
  std::map<std::string, std::int64_t> start_gaps_;  // of what nobody was there to record, by camera
  struct EndedGap {
    std::int64_t id = 0;
    bool is_news = false;  // somebody is to hear of it; the others are counted only
  };
  std::vector<EndedGap> ended_gaps_;  // no recorder counted them, and neither did the lane yet
  std::map<std::int64_t, record::DeletionReason> doomed_;
  std::map<std::int64_t, Error> undeletable_;  // rows whose file the disk refuses to delete, and why
  std::uint64_t kept_bytes_ = 0;
  std::uint64_t wanted_bytes_ = 0;  // by recorders that found no space
  bool said_short_ = false;
  std::string last_fault_;
  std::string last_volume_fault_;
  MonotonicTime next_open_{};
  MonotonicTime next_volume_{};
  MonotonicTime next_write_{};
  MonotonicTime next_commit_{};
  MonotonicTime next_retention_{};
  MonotonicTime next_oldest_{};
  MonotonicTime next_tidy_{};
  std::int64_t aged_zero_ms_ = no_zero;  // the clock by which footage was old, last
  MonotonicTime aged_from_{};  // nothing goes for its age before: a clock that has just jumped may jump back
};

}  // namespace porchlight::pipeline
