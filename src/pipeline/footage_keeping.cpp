// SPDX-License-Identifier: Apache-2.0
// Who is deleted when, by whom.
#include <algorithm>

#include "pipeline/footage_lane.hpp"
#include "porchlight/record/protection.hpp"

namespace porchlight::pipeline {
namespace {

using namespace std::chrono_literals;
constexpr auto retention_period = 5s;
constexpr auto oldest_period = 30s;
constexpr auto tidy_period = 1h;
constexpr std::size_t at_once = 64;
// So many files that cannot be deleted are the disk's affair, not the files': no more is given up for them.
constexpr std::size_t most_undeletable = 64;

std::vector<record::Holding> holdings_of(const std::vector<store::Segment>& segments) {
  std::vector<record::Holding> holdings;
  for (const auto& segment : segments) holdings.push_back({segment.id, segment.bytes, segment.end});
  return holdings;
}

}  // namespace

void FootageLane::retain() {
  const auto now = clock_.now();
  next_retention_ = now + retention_period;
  if (auto status = finish_removal(); !status) {
    failed("footage cannot be deleted, trying again", status.error());
    return;
  }
  auto continuous = open_->index.oldest(false, at_once);
  auto of_events = continuous ? open_->index.oldest(true, at_once) : continuous;
  const auto space = volume_->space();
  if (!of_events || !space) {
    failed("what may be deleted cannot be made out", of_events ? space.error() : of_events.error());
    return;
  }
  record::RetentionFacts facts;
  facts.continuous = holdings_of(*continuous);
  facts.of_events = holdings_of(*of_events);
  facts.kept = kept_bytes_;
  for (const auto& [file, growth] : growth_) facts.kept += growth.bytes;
  facts.total = space->total;
  facts.free = space->free;
  facts.holds_root = record::lies_with_root(recordings_);
  facts.wanted = std::exchange(wanted_bytes_, 0);
  if (may_age(now)) facts.now = wall(now);
  auto plan = record::plan_retention(facts, plan_->recording);
  if (undeletable_.size() >= most_undeletable) {
    for (const auto& one : std::exchange(plan.doomed, {})) plan.short_by += one.bytes;
  }
  const auto stuck = undeletable_.size();
  remove(plan.doomed);
  const bool more = plan.doomed.size() >= at_once || undeletable_.size() > stuck;  // others instead of these
  if (more) next_retention_ = now;
  const bool is_short = plan.short_by > 0 && !more;
  if (is_short && !said_short_) {
    log_.error("there is less space than is to be kept free, and nothing that may be deleted",
               {{"missing_bytes", static_cast<std::int64_t>(plan.short_by)}});
    ports_.trouble({facts.free == 0 ? VolumeFault::full : VolumeFault::almost_full, recordings_.string()});
  } else if (said_short_ && !is_short) {
    ports_.trouble({VolumeFault::back, recordings_.string()});
  }
  said_short_ = is_short;
}

// D1 to D4 of docs/storage.md.
void FootageLane::remove(const std::vector<record::Doomed>& doomed) {
  if (doomed.empty()) return;
  std::vector<std::int64_t> ids;
  for (const auto& one : doomed) ids.push_back(one.id);
  if (auto status = open_->index.begin_delete(ids); !status) {
    failed("footage cannot be deleted, trying again", status.error());
    return;
  }
  for (const auto& one : doomed) doomed_[one.id] = one.reason;
  if (auto status = finish_removal(); !status)
    failed("footage cannot be deleted, trying again", status.error());
}

// Errors: those of the index. What the disk refuses is in undeletable_ then, and tried again each time.
Status FootageLane::finish_removal() {
  std::map<std::int64_t, Error> left;
  for (std::int64_t last = 0;;) {
    auto some = record::finish_deletions(open_->index, *volume_, last);
    if (!some) return std::move(some).error();
    if (some->last == 0) break;
    last = some->last;
    kept_bytes_ -= std::min(kept_bytes_, some->bytes);
    for (const auto id : some->went)
      if (const auto doomed = doomed_.extract(id)) deleted_[doomed.mapped()].increment();
    for (auto& [id, why] : some->left) left.emplace(id, std::move(why));
  }
  note_undeletable(std::move(left));
  return {};
}

// Each is told once, those of one time together.
void FootageLane::note_undeletable(std::map<std::int64_t, Error> left) {
  const Error* first = nullptr;
  std::int64_t fresh = 0;
  for (const auto& [id, why] : left) {
    if (undeletable_.contains(id)) continue;
    if (fresh++ == 0) first = &why;
    errors_.increment();
  }
  if (fresh > 0)
    log_.error("footage cannot be deleted, trying again; other footage goes instead",
               {{"fault", first->text()}, {"files", fresh}});
  undeletable_ = std::move(left);
}

void FootageLane::protect(const ProtectSegments& order) {
  if (order.ids.empty()) return order.done({});
  if (!open_) return order.done(Error(ErrorCode::unavailable, "the index of the footage is not open"));
  if (!volume_) return order.done(Error(ErrorCode::unavailable, "the recordings' volume is not there"));
  auto& index = open_->index;
  // The list first: what is in neither would be deleted, what is in one only is kept.
  if (order.is_protected)
    if (auto status = list_protected(order.ids); !status) return order.done(std::move(status));
  for (const auto id : order.ids)
    if (auto status = index.protect(id, order.is_protected); !status) return order.done(std::move(status));
  order.done(order.is_protected ? Status() : record::write_protection(volume_->folder(), index));
}

// An index that was made anew learns from the volume also of what is being written; a volume learns what the
// index of an earlier version knew, or a damaged one.
Status FootageLane::agree_on_protection(const record::Volume& volume) {
  auto& index = open_->index;
  const auto listed = record::read_protection(volume.folder());
  if (!listed) return listed.error();
  for (const auto& file : rebuilt_ ? *listed : std::set<std::string>()) {
    const auto row = index.segment_of_file(file);
    if (!row) return row.error();
    if (!*row || (*row)->is_protected || (*row)->state == store::SegmentState::deleting) continue;
    if (auto status = index.protect((*row)->id, true); !status) return status;
  }
  return record::write_protection(volume.folder(), index);
}

Status FootageLane::list_protected(const std::vector<std::int64_t>& ids) {
  std::set<std::string> files;
  for (const auto id : ids) {
    const auto segment = open_->index.segment(id);
    if (!segment) return segment.error();
    if (*segment) files.insert((*segment)->file);
  }
  return record::write_protection(volume_->folder(), open_->index, files);
}

void FootageLane::remove(const DeleteSegments& order) {
  if (!open_ || !volume_)
    return order.done(Error(ErrorCode::unavailable, "the recordings' volume is not there"));
  std::vector<record::Doomed> doomed;
  for (const auto id : order.ids) {
    const auto segment = open_->index.segment(id);
    if (!segment) return order.done(segment.error());
    if (!*segment || (*segment)->state == store::SegmentState::open)
      return order.done(Error(ErrorCode::not_found, "delete segment " + std::to_string(id) +
                                                        ": it is not there, or is being written"));
    if ((*segment)->is_protected && order.reason == record::DeletionReason::operator_)
      return order.done(Error(ErrorCode::invalid_argument,
                              "delete segment " + std::to_string(id) + ": it is protected, let it go first"));
    doomed.push_back({id, (*segment)->bytes, order.reason});
  }
  std::vector<std::int64_t> ids;
  for (const auto& one : doomed) ids.push_back(one.id);
  if (auto status = open_->index.begin_delete(ids); !status) return order.done(std::move(status));
  for (const auto& one : doomed) doomed_[one.id] = one.reason;
  if (auto status = finish_removal(); !status) return order.done(std::move(status));
  for (const auto id : ids)
    if (const auto left = undeletable_.find(id); left != undeletable_.end())
      return order.done(Error(left->second));
  order.done({});
}

void FootageLane::show_oldest() {
  next_oldest_ = clock_.now() + oldest_period;
  for (const auto& camera : plan_->cameras) {
    const telemetry::Labels labels{{"camera_id", camera.id}};
    if (!metrics_.knows("recording_oldest_segment_timestamp_seconds", labels)) continue;
    store::FootageFilter filter;
    filter.camera_id = camera.id;
    filter.limit = 1;
    filter.oldest_first = true;
    const auto oldest = open_->index.segments(filter);
    if (!oldest) {
      failed("the index of the footage cannot be read", oldest.error());
      return;
    }
    if (oldest->empty() || !oldest->front().start) {
      metrics_.remove_gauge("recording_oldest_segment_timestamp_seconds", labels);
      continue;
    }
    const std::chrono::duration<double> start = oldest->front().start->time_since_epoch();
    metrics_.gauge("recording_oldest_segment_timestamp_seconds", labels).set(start.count());
  }
}

void FootageLane::tidy() {
  next_tidy_ = clock_.now() + tidy_period;
  if (auto status = open_->index.prune(); !status) failed("the ledger could not be pruned", status.error());
  if (auto kept = open_->index.bytes())
    kept_bytes_ = *kept;
  else
    failed("the index of the footage cannot be read", kept.error());
  if (auto status = open_->database->checkpoint(); !status) failed("checkpoint", status.error());
}

}  // namespace porchlight::pipeline
