// SPDX-License-Identifier: Apache-2.0
// What the last run left behind, and what o'clock it is.
#include <algorithm>
#include <cstdlib>
#include <utility>

#include "pipeline/footage_lane.hpp"
#include "porchlight/record/clock_belief.hpp"

namespace porchlight::pipeline {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;
constexpr std::int64_t least_step_ms = 100;
constexpr const char* lost_with_index = "what was known of this time was lost with the index";
constexpr std::int64_t largest_step_ms = 86'400'000;  // that is taken for a correction
constexpr auto settling_time = 10min;  // a clock that was set wrongly is set right within it, or it is not

std::int64_t unix_ms(WallTime at) {
  return std::chrono::floor<milliseconds>(at.time_since_epoch()).count();
}

// Of an index that was lost nobody knows what ended the run before: all else would be a guess.
event::GapCause cause_of(const store::SegmentIndex::LastRun& last, std::int64_t boot) {
  if (last.ended) return event::GapCause::stopped;
  if (!last.alive) return event::GapCause::damaged;
  return last.alive->boot == boot ? event::GapCause::crash : event::GapCause::power_cut;
}

}  // namespace

// R7 of docs/storage.md. What went on when the daemon ended is known up to its last sign of life; from there
// on nobody was there.
Status FootageLane::note_start() {
  if (started_) return {};
  start_gaps_.clear();  // of an index that was lost meanwhile
  auto& index = open_->index;
  const auto last = index.last_run();
  if (!last) return last.error();
  const auto now = moment(begun_);
  auto open = index.open_gaps();
  if (!open) return std::move(open).error();
  for (const auto& gap : *open) {
    const auto end = last->alive ? std::max(gap.begin, *last->alive) : gap.begin;
    if (auto status = index.end_gap(gap.id, std::min(end, std::max(gap.begin, now))); !status) return status;
  }
  for (const auto& camera : plan_->cameras)
    if (auto status = note_absence(camera, cause_of(*last, boot_)); !status) return status;
  if (auto status = index.begin_run(now); !status) return status;
  started_ = true;
  return {};
}

// It ends when the camera's recorder says something.
Status FootageLane::note_absence(const FootagePlan::Camera& camera, event::GapCause cause) {
  auto& index = open_->index;
  const auto now = moment(begun_);
  const auto known = index.known_until(camera.id, now);
  if (!known) return known.error();
  if (!*known) unknown_.insert_or_assign(camera.id, cause);
  if (!*known || **known >= now) return {};
  if (camera.mode == record::Mode::events) return note_missed_spans(camera.id, cause, **known);
  store::Gap gap;
  gap.camera_id = camera.id;
  gap.cause = cause;
  if (cause == event::GapCause::damaged) gap.detail = lost_with_index;
  gap.begin = **known;
  auto id = index.begin_gap(gap);
  if (!id) return std::move(id).error();
  start_gaps_[camera.id] = *id;
  return {};
}

// A file that had no row, because its first sync never returned, may be all that is known of a camera.
Status FootageLane::note_late_absences() {
  for (const auto& [camera_id, cause] : std::exchange(unknown_, {}))
    for (const auto& camera : plan_->cameras)
      if (camera.id == camera_id)
        if (auto status = note_absence(camera, cause); !status) return status;
  return {};
}

// Of a camera that is recorded for events: what events still wanted when the daemon ended.
Status FootageLane::note_missed_spans(const std::string& camera_id, event::GapCause cause,
                                      const store::BootMoment& known) {
  auto& index = open_->index;
  auto spans = index.spans({.camera_id = camera_id, .limit = 100});
  if (!spans) return std::move(spans).error();
  auto from = known;
  const auto now = moment(begun_);
  for (auto span = spans->rbegin(); span != spans->rend(); ++span) {
    const auto end = std::min(span->end, now);
    if (end <= from) continue;
    store::Gap gap;
    gap.camera_id = camera_id;
    gap.cause = cause;
    if (cause == event::GapCause::damaged) gap.detail = lost_with_index;
    gap.begin = std::max(from, span->begin);
    gap.end = end;
    if (gap.begin >= end) continue;
    const auto id = index.begin_gap(gap);
    if (!id) return id.error();
    ended_gaps_.push_back({*id, false});
    from = end;
  }
  return {};
}

// Believed once, believed for this run: from then on only steps count.
void FootageLane::look_at_clock() {
  const auto wall = clock_.wall();
  const auto now = clock_.now();
  const auto zero_ms = unix_ms(wall - std::chrono::duration_cast<WallTime::duration>(now.time_since_epoch()));
  record::ClockFacts facts;
  facts.now = wall;
  if (zero_ms_.load(std::memory_order_relaxed) == no_zero) {
    if (!started_) return;
    auto newest = open_->index.segments({.from = WallTime{}, .limit = 1});
    auto boots =
        newest ? open_->index.boots() : Result<std::vector<store::SegmentIndex::Boot>>(newest.error());
    if (!boots) {
      failed("the index of the footage cannot be read", boots.error());
      return;
    }
    if (!newest->empty()) facts.newest_footage = newest->front().end;
    facts.synchronised = ports_.clock_is_synchronised();
    facts.has_chip = options_.has_clock_chip;
    facts.running = now.time_since_epoch();  // the machine: a daemon that starts again has not to wait anew
    const bool earlier = std::any_of(boots->begin(), boots->end(), [this](const auto& boot) {
      return boot.number == boot_ && boot.zero;  // in this boot, by the run before
    });
    const auto belief = record::judge_clock(facts);
    if (belief == record::ClockBelief::implausible || (!earlier && !record::is_believed(belief))) return;
    believe(zero_ms);
    log_.info("the clock is believed", {{"because", std::string(record::to_string(belief))}});
  } else if (std::llabs(zero_ms - zero_ms_.load(std::memory_order_relaxed)) > least_step_ms &&
             record::judge_clock(facts) != record::ClockBelief::implausible) {
    log_.warning("the clock was set, the footage's times move with it",
                 {{"ms", zero_ms - zero_ms_.load(std::memory_order_relaxed)}});
    believe(zero_ms);
  }
  const auto believed = zero_ms_.load(std::memory_order_relaxed);
  if (started_ && settled_ms_ == believed && believed != no_zero) tell_found();
  if (settled_ms_ == believed || !started_) return;
  if (auto status = open_->index.settle(boot_, WallTime{milliseconds(believed)}); !status)
    failed("the times of the footage cannot be written, trying again", status.error());
  else
    settled_ms_ = believed;
}

// Once their times are known.
void FootageLane::tell_found() {
  for (const auto& ended : std::exchange(ended_gaps_, {})) {
    const auto row = open_->index.gap(ended.id);
    if (!row || !*row || !(*row)->end) continue;
    const auto& gap = **row;
    const bool is_settled = gap.start && gap.stop;
    if (gap.begin.boot == gap.end->boot)
      count_found(gap, gap.end->at - gap.begin.at);
    else if (is_settled)
      count_found(gap, *gap.stop - *gap.start);
    if (ended.is_news && is_settled)
      ports_.found({gap.camera_id, gap.cause, gap.detail, *gap.start, *gap.stop});
  }
}

// No recorder was there to count it.
void FootageLane::count_found(const store::Gap& gap, WallTime::duration missing) {
  const auto seconds = std::max(0.0, std::chrono::duration<double>(missing).count());
  const telemetry::Labels by_camera{{"camera_id", gap.camera_id}};
  const telemetry::Labels by_cause{{"cause", std::string(event::to_string(gap.cause))}};
  if (metrics_.knows("recording_gap_seconds_total", by_camera))
    metrics_.counter("recording_gap_seconds_total", by_camera).increment(seconds);
  metrics_.counter("recording_gap_seconds_by_cause_total", by_cause).increment(seconds);
}

// A clock that jumps by more than a day is believed for times, but deletes nothing for its age unless
// somebody vouches for it: what a wrong year deletes does not come back.
bool FootageLane::may_age(MonotonicTime now) {
  const auto zero_ms = zero_ms_.load(std::memory_order_relaxed);
  if (now < aged_from_ || zero_ms == no_zero) return false;
  const bool far = aged_zero_ms_ != no_zero && std::llabs(zero_ms - aged_zero_ms_) > largest_step_ms;
  if (far && !ports_.clock_is_synchronised()) return false;
  aged_zero_ms_ = zero_ms;
  return true;
}

void FootageLane::believe(std::int64_t zero_ms) {
  if (aged_zero_ms_ == no_zero) aged_zero_ms_ = zero_ms;
  zero_ms_.store(zero_ms, std::memory_order_release);
  aged_from_ = clock_.now() + settling_time;
}

}  // namespace porchlight::pipeline
