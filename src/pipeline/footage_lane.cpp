// SPDX-License-Identifier: Apache-2.0
#include "pipeline/footage_lane.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>

#include "porchlight/base/mounts.hpp"
#include "porchlight/base/overloaded.hpp"
#include "porchlight/base/utf8.hpp"

namespace porchlight::pipeline {
namespace {

using namespace std::chrono_literals;
constexpr auto look_period = 1s;
constexpr int most_refused = 3;
constexpr int last_attempts = 3;
constexpr auto reopen_pause = 5s;
constexpr auto volume_period = 5s;
constexpr std::size_t queue_capacity = 8192;
constexpr std::size_t most_standings = 64;  // different faults that are told word by word
constexpr const char* index_name = "footage.db";

VolumeFault fault_of(const Error& error) {
  switch (error.code()) {
    case ErrorCode::not_found:
      return VolumeFault::missing;
    case ErrorCode::already_exists:
      return VolumeFault::wrong_volume;
    case ErrorCode::permission_denied:
      return VolumeFault::read_only;
    case ErrorCode::resource:
      return VolumeFault::full;
    default:
      return VolumeFault::error;
  }
}

// 2026-11-26T15:04:05.123Z would be a name that not every file system takes.
std::string file_time(WallTime at) {
  auto text = rfc3339(at);
  std::replace(text.begin(), text.end(), ':', '-');
  return text;
}

// Beside what says of itself that it is damaged: a header that the library makes no sense of, or that keeps
// it from writing a file that anybody may write.
bool is_damage(const Error& error, const std::filesystem::path& file) {
  if (error.code() == ErrorCode::corrupt || error.code() == ErrorCode::internal) return true;
  return error.code() == ErrorCode::permission_denied && ::access(file.c_str(), R_OK | W_OK) == 0 &&
         ::access(file.parent_path().c_str(), W_OK | X_OK) == 0;
}

std::vector<std::string> continuous_of(const FootagePlan& plan) {
  std::vector<std::string> ids;
  for (const auto& camera : plan.cameras)
    if (camera.mode == record::Mode::continuous) ids.push_back(camera.id);
  return ids;
}

}  // namespace

FootageLane::FootageLane(Options options, FootagePlanPtr plan, const Clock& clock,
                         telemetry::Metrics& metrics, Wakeup wakeup, Ports ports)
    : options_(std::move(options)),
      clock_(clock),
      metrics_(metrics),
      ports_(std::move(ports)),
      errors_(metrics.counter("errors_total",
                              {{"component", "storage"}, {"error_type", "io"}, {"severity", "error"}})),
      wakeup_(std::move(wakeup)),
      queue_(queue_capacity, wakeup_),
      plan_(std::move(plan)),
      recordings_(plan_->recording.folder),
      begun_(clock.now()) {
  for (const auto reason :
       {record::DeletionReason::age, record::DeletionReason::space, record::DeletionReason::operator_,
        record::DeletionReason::corrupt, record::DeletionReason::erasure_request})
    deleted_[reason] = metrics.counter("recording_segments_deleted_total",
                                       {{"reason", std::string(record::to_string(reason))}});
  stand(Error(ErrorCode::unavailable, "the footage is being looked through after the start"));
}

FootageLane::~FootageLane() = default;

void FootageLane::run(std::stop_token stop, Heartbeat& heartbeat) {
  std::stop_callback wake(stop, [this] { wakeup_.notify(); });
  while (!stop.stop_requested()) {
    heartbeat.beat();
    turn(heartbeat);
    ports_.turn();
    wakeup_.wait_for(look_period, [&] { return !queue_.empty() || stop.stop_requested(); });
    take_jobs(heartbeat);
  }
  // The recorders have stopped: what is queued now is all there will be.
  take_jobs(heartbeat);
  end(heartbeat);
}

void FootageLane::turn(Heartbeat& heartbeat) {
  take_plan();
  const auto now = clock_.now();
  if (damaged_) set_index_aside();
  if (!open_ && now >= next_open_) open_index();
  if (!open_ && now >= next_open_) open_index();  // it had to be set aside
  if (open_) look_at_clock();
  if (open_ && now >= next_volume_) look_at_volume(heartbeat);
  if (open_ && started_ && now >= next_write_) write_notes(heartbeat);
  if (open_ && started_ && now >= next_commit_) commit_growth();
  if (!open_ || !recovered_ || !volume_) return;
  if (now >= next_retention_ || wanted_bytes_ > 0) retain();
  if (now >= next_oldest_) show_oldest();
  if (now >= next_tidy_) tidy();
}

void FootageLane::take_plan() {
  auto plan = new_plan_.take();
  if (!plan) return;
  plan_ = std::move(*plan);
  for (auto gap = start_gaps_.begin(); gap != start_gaps_.end();) {
    const auto& cameras = plan_->cameras;
    const bool planned = std::any_of(cameras.begin(), cameras.end(),
                                     [&](const auto& camera) { return camera.id == gap->first; });
    if (!planned && open_ && open_->index.end_gap(gap->second, moment(clock_.now())))
      ended_gaps_.push_back({gap->second, false});
    gap = planned ? std::next(gap) : start_gaps_.erase(gap);
  }
}

void FootageLane::take_jobs(Heartbeat& heartbeat) {
  // Only what is there now: however much comes, the lane turns in between.
  for (auto left = queue_.size(); left > 0; --left) {
    auto job = queue_.pop();
    if (!job) break;
    heartbeat.beat();
    std::visit(
        Overloaded{[](std::monostate) {}, [this](record::RecordNote& note) { take_note(std::move(note)); },
                   [this](const MakeRoom&) { wanted_bytes_ = std::uint64_t{64} << 20U; },
                   [this](const ProtectSegments& order) { protect(order); },
                   [this](const DeleteSegments& order) { remove(order); }},
        *job);
  }
  if (const auto dropped = queue_.dropped(); dropped != std::exchange(queue_dropped_, dropped)) {
    errors_.increment();
    recovered_ = recovered_ && !live_;  // files may have come of which nobody told
    log_.critical("recorders told more of their footage than the index could take");
  }
  if (open_ && started_ && clock_.now() >= next_write_) write_notes(heartbeat);
}

// A write that failed is not waited for any more, but it is tried again.
void FootageLane::end(Heartbeat& heartbeat) {
  if (!open_ || !started_) return;
  for (int i = 0; i < last_attempts && open_ && !waiting_.empty(); ++i) write_notes(heartbeat);
  if (!open_) return;
  commit_growth();
  // A gap that goes on says by itself when it began; the next start says how it went on.
  if (waiting_.empty())
    if (auto status = open_->index.end_run(moment(clock_.now())); !status)
      failed("the end could not be noted", status.error());
}

void FootageLane::open_index() {
  next_open_ = clock_.now() + reopen_pause;
  const auto file = options_.folder / index_name;
  auto database = store::SegmentIndex::open(file, {}, &metrics_);
  if (!database && is_damage(database.error(), file)) {
    damaged_ = true;
    last_fault_ = database.error().text();
    return set_index_aside();
  }
  if (!database) {
    failed("the index of the footage cannot be opened, trying again", database.error());
    return stand(Error(database.error()).context("the index of the footage"));
  }
  auto open = std::unique_ptr<Open>(new Open{std::move(*database)});
  auto boot = open->index.boot(options_.boot_id);
  if (!boot) {
    failed("the index of the footage cannot be written", boot.error());
    return;
  }
  const auto last = open->index.last_run();
  if (!last) {
    failed("the index of the footage cannot be read", last.error());
    return;
  }
  open_ = std::move(open);
  boot_ = *boot;
  settled_ms_ = no_zero;
  next_volume_ = {};
  rebuilt_ = rebuilt_ || !last->alive;
  // Without the rows the files have to be read first.
  if (!rebuilt_)
    if (auto status = note_start(); !status) failed("the last end could not be noted", status.error());
}

// Nothing is repaired within it, and nothing of it is thrown away.
void FootageLane::set_index_aside() {
  open_.reset();
  const auto file = options_.folder / index_name;
  const auto aside = file.string() + ".damaged-" + file_time(clock_.wall());
  std::error_code ignored;
  for (const auto* companion : {"-wal", "-shm"})
    std::filesystem::rename(file.string() + companion, aside + companion, ignored);
  std::error_code failure;
  std::filesystem::rename(file, aside, failure);
  if (failure && failure != std::errc::no_such_file_or_directory) {
    failed("the damaged index of the footage cannot be set aside",
           errno_error(failure.value(), "rename '" + file.string() + "'"));
    return;
  }
  log_.critical("the index of the footage is damaged, it is made anew from the files",
                {{"fault", last_fault_}, {"aside", aside}});
  ports_.trouble({VolumeFault::damaged_index, aside});
  damaged_index_ = aside;
  ended_gaps_.clear();  // their rows are in it
  damaged_ = false;
  recovered_ = false;
  started_ = false;
  rebuilt_ = true;
  next_open_ = {};
}

void FootageLane::look_at_volume(Heartbeat& heartbeat) {
  next_volume_ = clock_.now() + volume_period;
  const auto expected = open_->index.volume_id();
  if (!expected) {
    failed("the index of the footage cannot be read", expected.error());
    return;
  }
  auto opened = record::Volume::open(recordings_, *expected);
  if (!opened) return stand(opened.error());
  if (!*expected)
    if (auto status = open_->index.set_volume_id(opened->id()); !status) {
      failed("the volume could not be noted", status.error());
      return;
    }
  auto volume = std::make_shared<const record::Volume>(std::move(*opened));
  if (is_suspect())
    if (auto status = volume->try_writing(); !status) return stand(status.error());
  if (!keep_others_out()) return;
  if (!recovered_) {
    if (auto status = recover(*volume, heartbeat); !status) {
      failed("index and footage could not be made to agree, trying again", status.error());
      if (!live_) stand(status.error());
      return;
    }
    recovered_ = true;
    look_at_clock();  // before the first segment gets its name
  }
  if (!volume_) stand(std::move(volume));
  heal_failed();
}

// A recorder cannot write: whether nobody can is worth a try. Who is let in again too early says so again.
bool FootageLane::is_suspect() const {
  return std::any_of(gaps_.begin(), gaps_.end(), [](const auto& entry) {
    const auto& note = entry.second.note;
    return !note.end && (note.cause == event::GapCause::volume || note.cause == event::GapCause::disk_error);
  });
}

// A check looks at the lock for an instant: only who holds it longer is told of.
bool FootageLane::keep_others_out() {
  if (lock_) return true;
  auto taken = record::VolumeLock::take(recordings_);
  if (taken) {
    lock_.emplace(std::move(*taken));
    lock_refused_ = 0;
    return true;
  }
  next_volume_ = clock_.now();
  if (++lock_refused_ >= most_refused) stand(Error(ErrorCode::io, taken.error().text()));
  return false;
}

Status FootageLane::recover(const record::Volume& volume, Heartbeat& heartbeat) {
  record::RecoveryOrder order;
  order.boot_id = options_.boot_id;
  order.live = live_;
  if (rebuilt_ || given_up_ > 0) order.holes_of = continuous_of(*plan_);
  order.damaged_index = damaged_index_;
  order.alive = [&heartbeat] { heartbeat.beat(); };
  auto report = record::recover_footage(open_->index, volume, order);
  auto boot = open_->index.boot(options_.boot_id);  // boots that came to light may have moved it
  if (!boot) return std::move(boot).error();
  boot_ = *boot;
  if (!report) return std::move(report).error();
  // Beside recorders only an index that was made anew has to hear again what goes on.
  if (auto status = live_ && rebuilt_ ? tell_again() : note_start(); !status) return status;
  if (!live_)
    if (auto status = note_late_absences(); !status) return status;
  auto kept = open_->index.bytes();
  if (!kept) return std::move(kept).error();
  kept_bytes_ = *kept;
  if (auto status = agree_on_protection(volume); !status)
    log_.error("index and volume could not be made to agree on what is protected",
               {{"fault", status.error().text()}});
  for (const auto id : report->gaps) ended_gaps_.push_back({id, false});
  rebuilt_ = false;
  damaged_index_.clear();
  given_up_ = 0;
  tell_recovery(*report);
  return {};
}

void FootageLane::tell_recovery(const record::RecoveryReport& report) {
  for (const auto& file : report.quarantined)
    log_.error("a file is no segment of ours, it is put aside", {{"file", file}});
  for (const auto& fault : report.unreadable)
    log_.error("footage cannot be read, it is left alone", {{"fault", fault}});
  errors_.increment(static_cast<double>(report.unreadable.size()));
  for (const auto& file : report.unhealed) unhealed_.emplace(file, false);
  if (report.missing > 0)
    log_.error("footage is missing, the ledger has gaps instead",
               {{"segments", static_cast<std::int64_t>(report.missing)}});
  if (report.deleted + report.healed + report.removed + report.adopted > 0)
    log_.info("footage and its index agree again",
              {{"deleted", static_cast<std::int64_t>(report.deleted)},
               {"healed", static_cast<std::int64_t>(report.healed)},
               {"removed", static_cast<std::int64_t>(report.removed)},
               {"adopted", static_cast<std::int64_t>(report.adopted)},
               {"salvaged", static_cast<std::int64_t>(report.salvaged)}});
}

void FootageLane::stand(std::shared_ptr<const record::Volume> volume) {
  volume_ = volume;
  live_ = true;
  const auto key = "volume " + volume->id();
  publish(key, {std::move(volume), Error(ErrorCode::unavailable, "")});
  if (std::exchange(last_volume_fault_, {}).empty()) return;
  log_.info("the recordings' volume is back");
  ports_.trouble({VolumeFault::back, recordings_.string()});
}

void FootageLane::stand(const Error& fault) {
  volume_.reset();
  lock_.reset();  // the volume may be taken away now
  const auto key = standings_.size() < most_standings ? fault.text() : std::string("too many faults to name");
  publish(key, {nullptr, Error(fault.code(), fault.text())});
  if (fault.code() == ErrorCode::unavailable ||
      std::exchange(last_volume_fault_, fault.text()) == fault.text())
    return;
  errors_.increment();
  log_.error("nothing can be recorded, looking again", {{"fault", fault.text()}});
  ports_.trouble({fault_of(fault), fault.text()});
}

// A standing is never changed and never freed while the lane lives, so a reader needs no lock.
void FootageLane::publish(const std::string& key, Standing standing) {
  auto& kept = standings_[key];
  if (!kept) kept = std::make_unique<Standing>(std::move(standing));
  standing_.store(kept.get(), std::memory_order_release);
}

Result<std::shared_ptr<const record::Volume>> FootageLane::volume() const {
  const auto* standing = standing_.load(std::memory_order_acquire);
  if (standing->volume) return standing->volume;
  return standing->fault;
}

std::optional<WallTime> FootageLane::wall(MonotonicTime at) const noexcept {
  const auto zero = zero_ms_.load(std::memory_order_acquire);
  if (zero == no_zero) return std::nullopt;
  return WallTime{std::chrono::milliseconds(zero)} +
         std::chrono::duration_cast<WallTime::duration>(at.time_since_epoch());
}

// A fault that repeats is counted, not printed again; a damage is dealt with at the next turn.
void FootageLane::failed(std::string_view doing, const Error& error) {
  errors_.increment();
  if (error.code() == ErrorCode::corrupt) {
    damaged_ = true;
    last_fault_ = error.text();
    return;
  }
  if (std::exchange(last_fault_, error.text()) != error.text()) log_.error(doing, {{"fault", error.text()}});
}

}  // namespace porchlight::pipeline
