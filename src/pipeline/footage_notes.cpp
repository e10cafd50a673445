// SPDX-License-Identifier: Apache-2.0
// What recorders tell, on its way into the index.
#include <algorithm>

#include "pipeline/footage_lane.hpp"
#include "porchlight/base/overloaded.hpp"

namespace porchlight::pipeline {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;
constexpr auto commit_period = 10s;
constexpr auto retry_pause = 1s;

milliseconds in_boot(MonotonicTime at) {
  return std::chrono::floor<milliseconds>(at.time_since_epoch());
}

// Whether trying again can help.
bool may_pass(const Error& error) {
  switch (error.code()) {
    case ErrorCode::unavailable:
    case ErrorCode::io:
    case ErrorCode::resource:
    case ErrorCode::permission_denied:
    case ErrorCode::corrupt:
      return true;
    default:
      return false;
  }
}

}  // namespace

store::BootMoment FootageLane::moment(MonotonicTime at) const {
  return {boot_, in_boot(at)};
}

void FootageLane::take_note(record::RecordNote note) {
  if (const auto* gap = std::get_if<record::GapNote>(&note)) ports_.gap(*gap);
  if (auto* grown = std::get_if<record::SegmentGrown>(&note)) {
    growth_[grown->file] = {grown->file, in_boot(grown->end), grown->bytes, grown->frames};
    return;
  }
  if (waiting_.size() < waiting_limit) {
    waiting_.push_back(std::move(note));
    return;
  }
  if (given_up_++ == 0)
    log_.critical(
        "the index of the footage cannot be written for too long: what comes now will be found in the files");
}

void FootageLane::write_notes(Heartbeat& heartbeat) {
  while (open_ && !damaged_ && !waiting_.empty()) {
    heartbeat.beat();
    const auto status = write(waiting_.front());
    if (!status && may_pass(status.error())) {
      next_write_ = clock_.now() + retry_pause;
      failed("the index of the footage cannot be written, holding what comes in memory", status.error());
      return;
    }
    if (!status) failed("the index refuses a note of a recorder", status.error());
    waiting_.pop_front();
  }
  if (given_up_ > 0 && !damaged_) recovered_ = false;  // the files know what the index missed
}

Status FootageLane::write(const record::RecordNote& note) {
  return std::visit(Overloaded{[](std::monostate) { return Status(); },
                               [](const record::SegmentGrown&) { return Status(); },
                               [this](const auto& its) { return write(its); }},
                    note);
}

Status FootageLane::write(const record::SegmentBegun& note) {
  if (auto status = end_start_gap(note.camera_id, note.begin); !status) return status;
  if (auto status = end_open_gaps(note.camera_id, note.begin); !status) return status;
  store::Segment segment;
  segment.camera_id = note.camera_id;
  segment.file = note.file;
  segment.begin = moment(note.begin);
  segment.end_at = segment.begin.at;
  segment.codec = note.codec;
  segment.audio_codec = note.audio_codec;
  segment.width = note.width;
  segment.height = note.height;
  const auto there = open_->index.segment_of_file(note.file);
  if (!there) return there.error();
  writing_[note.file] = note;
  if (*there) return {};  // found among the files before its note came
  auto id = open_->index.begin(segment);
  if (!id) return std::move(id).error();
  return {};
}

Status FootageLane::write(const record::SegmentFinished& note) {
  if (!note.whole) {
    // How much was kept has to be known before anybody looks at the file.
    if (auto status = open_->index.grow({{note.file, in_boot(note.end), note.bytes, note.frames}}); !status)
      return status;
    unhealed_[note.file] = true;
    next_volume_ = {};  // soon: it is healed when the volume was looked at
  } else if (auto status = finish_row(note); !status) {
    return status;
  }
  writing_.erase(note.file);
  growth_.erase(note.file);
  return {};
}

Status FootageLane::finish_row(const record::SegmentFinished& note) {
  const auto row = open_->index.segment_of_file(note.file);
  if (!row) return row.error();
  if (!*row) {
    // Its begin was among the notes that could not be held: it is found among the files.
    recovered_ = false;
    next_volume_ = {};
    return {};
  }
  if ((*row)->state == store::SegmentState::deleting) return {};
  store::Segment segment;
  segment.file = note.file;
  segment.state = store::SegmentState::closed;
  segment.end_at = in_boot(note.end);
  segment.bytes = note.bytes;
  segment.frames = note.frames;
  segment.crc = note.crc;
  if (auto status = open_->index.finish(segment); !status) return status;
  // Else it was found before its note came, and counts already.
  if ((*row)->state == store::SegmentState::open) kept_bytes_ += note.bytes;
  return {};
}

Status FootageLane::write(const record::GapNote& note) {
  if (auto status = end_start_gap(note.camera_id, note.begin); !status) return status;
  const GapKey key{note.camera_id, note.begin};
  if (const auto open = gaps_.find(key); open != gaps_.end()) {
    if (!note.end) return {};
    if (auto status = open_->index.end_gap(open->second.id, moment(*note.end)); !status) return status;
    gaps_.erase(open);
    return {};
  }
  store::Gap gap;
  gap.camera_id = note.camera_id;
  gap.cause = note.cause;
  gap.detail = note.detail;
  gap.begin = moment(note.begin);
  if (note.end) gap.end = moment(*note.end);
  auto id = open_->index.begin_gap(gap);
  if (!id) return std::move(id).error();
  if (!note.end) gaps_[key] = {note, *id};
  return {};
}

Status FootageLane::write(const record::SpanNote& note) {
  return open_->index.keep_span({note.event, note.camera_id, moment(note.begin), moment(note.end)});
}

// Somebody is there again, be it to say that nothing comes.
Status FootageLane::end_start_gap(const std::string& camera_id, MonotonicTime at) {
  const auto gap = start_gaps_.find(camera_id);
  if (gap == start_gaps_.end()) return {};
  if (auto status = open_->index.end_gap(gap->second, moment(at)); !status && may_pass(status.error()))
    return status;
  ended_gaps_.push_back({gap->second, true});
  start_gaps_.erase(gap);
  return {};
}

// Where there is footage again no gap goes on, even if nobody could say so. Its recorder may still tell the
// same: so it is kept in mind until the next segment.
Status FootageLane::end_open_gaps(const std::string& camera_id, MonotonicTime at) {
  auto gap = gaps_.lower_bound({camera_id, MonotonicTime::min()});
  while (gap != gaps_.end() && gap->first.first == camera_id) {
    auto& [note, id] = gap->second;
    if (note.end) {
      gap = gaps_.erase(gap);
      continue;
    }
    if (note.begin <= at) {
      if (auto status = open_->index.end_gap(id, moment(at)); !status && may_pass(status.error()))
        return status;
      note.end = at;
    }
    ++gap;
  }
  return {};
}

// One transaction for all cameras; it also says that the daemon lives.
void FootageLane::commit_growth() {
  next_commit_ = clock_.now() + commit_period;
  std::vector<store::SegmentIndex::Growth> grown;
  for (const auto& [file, growth] : growth_) grown.push_back(growth);
  if (auto status = open_->index.grow(grown, moment(clock_.now())); !status) {
    failed("the growth of the footage cannot be written, trying again", status.error());
    return;
  }
  last_fault_.clear();
  growth_.clear();
}

void FootageLane::heal_failed() {
  if (!volume_) return;
  std::optional<Error> fault;  // the first: each look would tell of all again
  for (auto file = unhealed_.begin(); file != unhealed_.end();) {
    const auto gap = record::heal_row(open_->index, *volume_, file->first, file->second);
    if (gap && *gap) ended_gaps_.push_back({**gap, false});
    auto status = gap ? count_healed(file->first) : Status(gap.error());
    if (!status && !fault) fault = status.error();
    file = status ? unhealed_.erase(file) : std::next(file);
  }
  if (fault) failed("a segment whose writing failed cannot be healed yet", *fault);
}

Status FootageLane::count_healed(const std::string& file) {
  const auto row = open_->index.segment_of_file(file);
  if (!row) return row.error();
  if (*row)
    kept_bytes_ += (*row)->bytes;
  else
    recovered_ = false;  // it had none, or has gone: the files know
  return {};
}

// Gaps that go on and were read out of a damaged index under running recorders: the recorder that told of one
// tells its end; what nobody was there to record ends with the camera's first word; nobody else's goes on.
Status FootageLane::know_again(std::map<GapKey, OpenGap>& told) {
  const auto rows = open_->index.open_gaps();
  if (!rows) return rows.error();
  const auto started = std::exchange(start_gaps_, {});
  for (const auto& row : *rows) {
    const auto its = std::find_if(told.begin(), told.end(), [&](const auto& entry) {
      return entry.first.first == row.camera_id && !entry.second.note.end;
    });
    if (its != told.end())
      gaps_.insert(told.extract(its)).position->second.id = row.id;
    else if (started.contains(row.camera_id))
      start_gaps_[row.camera_id] = row.id;
    else if (auto status = open_->index.end_gap(row.id, row.begin); !status)
      return status;
  }
  return {};
}

// An index that was made anew under running recorders: what goes on now is in no file's tail yet.
Status FootageLane::tell_again() {
  const auto before = std::exchange(gaps_, {});  // their rows were the old index's
  auto open = before;
  const auto tell = [&]() -> Status {
    if (auto status = know_again(open); !status) return status;
    for (const auto& [file, begun] : std::map(writing_))
      if (auto status = write(begun); !status) return status;
    for (const auto& [key, gap] : open)
      if (!gap.note.end)
        if (auto status = write(gap.note); !status) return status;
    return open_->index.begin_run(moment(clock_.now()));
  };
  if (auto status = tell(); !status) {
    gaps_ = before;
    return status;
  }
  started_ = true;
  return {};
}

}  // namespace porchlight::pipeline
