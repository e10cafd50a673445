// SPDX-License-Identifier: Apache-2.0
#include "record/recording.hpp"

#include <algorithm>
#include <utility>

#include "porchlight/base/overloaded.hpp"
#include "porchlight/media/packet_time.hpp"
#include "porchlight/media/track_parameters.hpp"

namespace porchlight::record {
namespace {

using namespace std::chrono_literals;
constexpr auto pause_after_fault = 1s;
constexpr auto tell_growth = 5s;
constexpr auto patience_for_keyframe = 10s;  // then it is said that pictures come which nobody can decode
// An event may be told so much after it began.
constexpr auto late_event = 5s;
constexpr int most_names = 8;

event::GapCause cause_of(const Error& error) {
  switch (error.code()) {
    case ErrorCode::resource:  // and nothing else: footage is deleted for it
      return event::GapCause::disk_full;
    case ErrorCode::unavailable:
      return event::GapCause::overload;
    case ErrorCode::unsupported:
      return event::GapCause::codec;
    case ErrorCode::invalid_argument:  // libav makes nothing of the packets
    case ErrorCode::corrupt:
      return event::GapCause::undecodable;
    case ErrorCode::permission_denied:  // read-only, or somebody else's since
      return event::GapCause::volume;
    default:
      return event::GapCause::disk_error;
  }
}

const media::PacketPtr* video_in(const RecordItem& item) {
  const auto* packet = std::get_if<media::PacketPtr>(&item);
  return packet != nullptr && (*packet)->stream->kind == media::MediaKind::video ? packet : nullptr;
}

}  // namespace

Recording::Recording(RecorderOptions options, Clock& clock, RecordInstruments& instruments,
                     Recorder::Ports ports)
    : options_(std::move(options)),
      clock_(clock),
      instruments_(instruments),
      ports_(std::move(ports)),
      gaps_(options_.camera_id, ports_.tell,
            [&instruments](event::GapCause cause, std::chrono::nanoseconds longer) {
              instruments.gap(cause, longer);
            }),
      spans_(options_.camera_id, options_.recording, ports_.tell),
      pre_roll_({options_.recording.pre_roll + late_event}) {}

void Recording::begin() {
  finish(std::nullopt);  // of a run that ended without end()
  await_name();
  // What a start of the daemon has to wait for belongs to the time before it, which is not ours to explain.
  const bool fresh = !std::exchange(ever_begun_, true) && !options_.since;
  if (fresh || options_.since > accounted_) accounted_ = options_.since.value_or(clock_.now());
  if (options_.mode != Mode::continuous) return;
  planned_from_ = accounted_;
  if (!fresh) gap(event::GapCause::configuration, planned_from_, "until the first picture");
}

void Recording::take(RecordItem item) {
  if (is_over(item)) {
    const auto at = (*video_in(item))->arrived;
    finish(at);
    stop_planning(at, event::GapCause::undecodable);
  }
  if (planned())
    take_planned(std::move(item));
  else if (options_.mode == Mode::events)
    pre_roll_.add(std::move(item));
}

void Recording::take_planned(RecordItem item) {
  std::visit(
      Overloaded{
          [](std::monostate) {}, [this](const media::PacketPtr& packet) { take_packet(packet); },
          [this](const CameraGone& gone) {
            // Attempts that fail in other ways are the same outage.
            if (std::exchange(camera_gone_, true) && gaps_.open()) return;
            audio_.reset();
            audio_source_.reset();
            waiting_.reset();
            interrupt(gone.cause, gone.at, {});
          },
          [this](const PicturesLost& lost) {
            if (segment_ || !gaps_.open())
              interrupt(event::GapCause::lost_packets, lost.at, std::to_string(lost.pictures) + " pictures");
          },
          [this](const LeftOut& left) {
            if (segment_ || !gaps_.open())
              interrupt(event::GapCause::overload, left.from, std::to_string(left.packets) + " packets");
          }},
      item);
}

void Recording::take_packet(const media::PacketPtr& packet) {
  camera_gone_ = false;
  if (packet->stream->kind == media::MediaKind::audio)
    take_audio(packet);
  else
    take_picture(packet);
}

void Recording::take_audio(const media::PacketPtr& packet) {
  if (!options_.audio || !can_hold(packet->stream, refused_audio_)) return;
  if (packet->stream != audio_source_) {
    auto described = described_sound(*packet);
    if (!described) return;  // damaged: the next one will say it
    audio_ = std::move(described);
    audio_source_ = packet->stream;
  }
  if (segment_ && (segment_->takes(*audio_) || segment_->join(audio_))) append(*packet);
}

// False: the segment ended before it.
bool Recording::goes_on(const media::PacketPtr& picture) {
  auto verdict = segment_->judge(*picture);
  std::string reason = segment_->cut_reason();
  if (verdict == CutRules::Verdict::goes_on && picture->keyframe && audio_ && !segment_->takes(*audio_)) {
    verdict = CutRules::Verdict::cut;
    reason = "the sound changed";
  }
  if (verdict == CutRules::Verdict::goes_on) return true;
  const auto hole = segment_->hole();
  log_.debug("segment ends", {{"camera_id", options_.camera_id}, {"reason", reason}});
  if (verdict == CutRules::Verdict::cut) {
    // The first pictures of the next do not wait for the sync of these. What an open group misses is shown
    // before its keyframe, and that may come as much earlier than others do.
    close(picture->arrived, hole);
    if (hole > 0ns) note_hole(*picture, hole);
    return false;
  }
  finish(std::nullopt);
  gap(verdict == CutRules::Verdict::paused ? event::GapCause::stalled : event::GapCause::undecodable,
      picture->arrived, reason);
  return false;
}

// The pictures of an open group, of which the next segment cannot make anything.
void Recording::note_hole(const media::Packet& keyframe, std::chrono::nanoseconds hole) {
  if (gaps_.open()) return;
  gap(event::GapCause::undecodable, keyframe.arrived, "an open group of pictures was cut");
  hole_ = hole;
}

// What refers to a damaged picture is damaged, too.
void Recording::take_picture(const media::PacketPtr& picture) {
  if (is_damaged(*picture)) {
    if (segment_ || !gaps_.open())
      interrupt(event::GapCause::lost_packets, picture->arrived, "a damaged picture");
    return;
  }
  if (segment_ && segment_->leaves_out(*picture)) return;
  if (segment_ && goes_on(picture)) return append(*picture);
  if (!picture->keyframe) return note_waiting(picture->arrived);
  waiting_.reset();
  try_segment(picture);
  hole_ = {};
}

// Of a camera that never sends a keyframe the outage before is no reason any more.
void Recording::note_waiting(MonotonicTime at) {
  if (!waiting_) waiting_ = at;
  if (at - *waiting_ >= patience_for_keyframe && at >= retry_at_)
    gap(event::GapCause::undecodable, at, "no keyframe comes");
}

void Recording::append(const media::Packet& packet) {
  // When much waits, because a sync took long, one sync is for all of it.
  if (auto status = segment_->append(packet); !status) fail(status.error());
}

bool Recording::can_hold(const std::shared_ptr<const media::StreamInfo>& stream,
                         std::shared_ptr<const media::StreamInfo>& said) {
  if (is_recordable(*stream)) return true;
  if (said != stream)
    log_.warning("no segment can hold what the camera sends, it is not recorded",
                 {{"camera_id", options_.camera_id}, {"codec", stream->codec}});
  said = stream;
  return false;
}

void Recording::try_segment(const media::PacketPtr& keyframe) {
  if (!can_hold(keyframe->stream, refused_))
    return gap(event::GapCause::codec, keyframe->arrived, keyframe->stream->codec);
  if (clock_.now() < retry_at_) return note_fault_goes_on(keyframe->arrived);
  auto volume = ports_.volume();
  if (!volume && volume.error().code() == ErrorCode::unavailable) {  // not yet
    if (options_.mode == Mode::events) gap(event::GapCause::volume, keyframe->arrived, volume.error().text());
    return;
  }
  if (!volume) return refuse(event::GapCause::volume, keyframe->arrived, volume.error());
  auto made = make_segment(**volume, keyframe);
  if (!made) return refuse(cause_of(made.error()), keyframe->arrived, made.error());
  segment_ = std::move(*made);
  instruments_.active(true);
  append(*keyframe);
}

// Of a window that an event opened after the fault of another: nobody has said anything in it yet.
void Recording::note_fault_goes_on(MonotonicTime at) {
  if (!gaps_.open() && last_fault_) gap(*last_fault_, at, "not tried again yet");
}

// A segment whose tail is still being synced ends where it was told to, by our clock; how far it is accounted
// for already is a time by the camera's.
MonotonicTime Recording::footage_until() const {
  return closing_ && !tail_awaited_ ? closing_->ends() : accounted_;
}

// A name may be taken, after the clock was set back.
Result<std::unique_ptr<OpenSegment>> Recording::make_segment(const Volume& volume,
                                                             const media::PacketPtr& keyframe) {
  OpenSegment::Order order;
  order.folder = volume.folder();
  order.head.camera_id = options_.camera_id;
  order.head.boot_id = options_.boot_id;
  order.head.begin = std::max(keyframe->arrived, footage_until()) + hole_;
  order.head.start = ports_.wall(order.head.begin);
  order.head.version = options_.version;
  order.audio = audio_;
  order.longest = options_.recording.segment;
  for (int i = 0;; ++i) {
    const std::chrono::milliseconds beside{i};
    const auto start = order.head.start ? std::optional(*order.head.start + beside) : std::nullopt;
    order.file = Volume::file_of(options_.camera_id, start, options_.boot_id, order.head.begin + beside,
                                 segment_ending(audio_.get()));
    auto made = OpenSegment::create(order, *keyframe, instruments_);
    if (made || made.error().code() != ErrorCode::already_exists || i == most_names) return made;
  }
}

void Recording::settle() {
  const auto now = clock_.now();
  if (held_ && volume_is_known()) plan_held();
  if (segment_ && segment_->sync_due(now)) flush();
  if (!segment_) await_tail();
  if (closing_ && closing_->named()) await_name();
  spans_.tick(now);
  look_at_window(now);
  count_gap();
}

// Everything there is: what stays in memory while the sync runs waits for the next one.
void Recording::flush() {
  const auto before = clock_.now();
  const auto kept = segment_->kept_until();
  auto status = segment_->write();
  if (status) status = segment_->sync();
  await_tail();
  if (!status) return fail(status.error());
  if (segment_->kept_until() == kept) return;
  instruments_.fragment_took(clock_.now() - before);
  note_kept();
}

void Recording::note_begun(OpenSegment& segment) {
  if (!segment.tell_begun()) return;
  ports_.tell(segment.begun());
  gaps_.end(segment.begin());
  if (std::exchange(last_fault_, std::nullopt))
    log_.info("recording again", {{"camera_id", options_.camera_id}});
}

void Recording::note_kept() {
  note_begun(*segment_);
  accounted_ = segment_->kept_until();
  const auto now = clock_.now();
  if (now - told_grown_ < tell_growth) return;
  told_grown_ = now;
  ports_.tell(segment_->grown());
}

// Its tail, synced beside what comes next.
void Recording::close(std::optional<MonotonicTime> end, std::chrono::nanoseconds later) {
  await_name();
  if (!segment_) return;
  if (end) end = std::max(*end, segment_->begin());
  if (auto status = segment_->close(end, later); !status) return fail(status.error());
  closing_ = std::move(segment_);
  tail_awaited_ = false;
  instruments_.active(false);
}

// For whoever goes on to say what comes after it: what it kept is known then.
void Recording::finish(std::optional<MonotonicTime> end) {
  close(end);
  await_tail();
}

// Before anything is told of the time behind it.
void Recording::await_tail() {
  if (!closing_ || std::exchange(tail_awaited_, true)) return;
  if (auto status = closing_->await_tail(); !status) return give_up(std::move(closing_), status.error());
  note_begun(*closing_);
  accounted_ = closing_->kept_until();
}

void Recording::await_name() {
  await_tail();
  if (!closing_) return;
  const auto segment = std::move(closing_);
  auto finished = segment->await_name();
  if (finished) return ports_.tell(std::move(*finished));
  // All of it is kept, and healing gives it its name: nothing is missing.
  note_fault("a segment that is kept has not got its name yet", cause_of(finished.error()), finished.error());
  if (auto left = segment->abandon()) ports_.tell(std::move(*left));
}

void Recording::fail(const Error& error) {
  instruments_.active(false);
  auto segment = std::move(segment_);
  await_tail();
  give_up(std::move(segment), error);
}

void Recording::give_up(std::unique_ptr<OpenSegment> segment, const Error& error) {
  const auto begin = segment->begin();
  auto left = segment->abandon();
  segment.reset();
  if (left) accounted_ = left->end;
  refuse(cause_of(error), left ? left->end : begin, error);
  if (left) ports_.tell(std::move(*left));
}

void Recording::refuse(event::GapCause cause, MonotonicTime at, const Error& error) {
  retry_at_ = clock_.now() + pause_after_fault;
  note_fault("nothing is recorded, trying again each second", cause, error);
  gap(cause, at, error.text());
}

void Recording::note_fault(const char* what, event::GapCause cause, const Error& error) {
  const auto now = clock_.now();
  instruments_.failed(cause == event::GapCause::disk_full);
  if (std::exchange(last_fault_, cause) != cause)
    log_.error(what, {{"camera_id", options_.camera_id},
                      {"cause", std::string(to_string(cause))},
                      {"fault", error.text()}});
  if (cause != event::GapCause::disk_full || now - room_asked_ < pause_after_fault) return;
  room_asked_ = now;
  if (ports_.make_room) ports_.make_room();
}

void Recording::interrupt(event::GapCause cause, MonotonicTime at, std::string detail) {
  finish(std::nullopt);
  gap(cause, at, std::move(detail));
}

// A gap begins where the footage ends; one that goes on already for another reason ends `at`.
void Recording::gap(event::GapCause cause, MonotonicTime at, std::string detail) {
  await_tail();
  const auto begin = gaps_.open() ? at : std::max(accounted_, planned_from_);
  if (options_.mode == Mode::events && !spans_.wants(begin)) return;
  gaps_.begin(cause, begin, std::move(detail));
}

void Recording::count_gap() {
  if (!gaps_.open()) return;
  auto until = clock_.now();
  if (segment_) until = segment_->begin();  // it ends there as soon as the first fragment is on the medium
  if (options_.mode == Mode::events && !spans_.wants(until)) until = spans_.until();
  gaps_.count(until);
}

void Recording::end() {
  if (held_) plan_held();
  finish(std::nullopt);
  await_name();
  auto now = clock_.now();
  if (planning_ && !spans_.wants(now)) now = spans_.until();
  if (gaps_.open()) {
    gaps_.end(now);
    accounted_ = std::max(accounted_, now);
  }
  // Nothing was to be recorded in between: whoever comes next misses nothing.
  if (options_.mode == Mode::events) accounted_ = std::max(accounted_, clock_.now());
  planning_ = false;
  camera_gone_ = false;
  pre_roll_.begin_after(event::GapCause::configuration);
}

// --- events mode ---------------------------------------------------------------------------------------

void Recording::trigger(const Trigger& trigger) {
  spans_.take(trigger);
  if (options_.mode != Mode::events || planning_) return;
  const auto from = std::max(spans_.begin_of(trigger), accounted_);
  if (!spans_.wants(from)) return;
  held_ = std::min(held_.value_or(from), from);
  if (volume_is_known()) plan_held();
}

// Before it is, the first seconds of a run, what an event wants stays in memory: a segment could not begin.
bool Recording::volume_is_known() const {
  const auto volume = ports_.volume();
  return volume || volume.error().code() != ErrorCode::unavailable;
}

void Recording::plan_held() {
  plan(*std::exchange(held_, std::nullopt));
}

void Recording::plan(MonotonicTime from) {
  planning_ = true;
  planned_from_ = from;
  auto items = pre_roll_.take_from(from);
  const auto* first = items.empty() ? nullptr : std::get_if<media::PacketPtr>(&items.front());
  if (items.empty() || (first != nullptr && (*first)->arrived > from))
    gap(pre_roll_.missing_before(), from, "before what was kept in memory");
  for (auto& item : items) take(std::move(item));
}

// Segments end where the next could begin, so that what comes later neither overlaps nor leaves a hole.
bool Recording::is_over(const RecordItem& item) const {
  if (!planning_) return false;
  const auto* picture = video_in(item);
  return picture != nullptr && (*picture)->keyframe && !spans_.wants((*picture)->arrived);
}

void Recording::stop_planning(MonotonicTime at, event::GapCause why) {
  if (gaps_.open()) {
    const auto until = std::min(at, spans_.until());
    gaps_.end(until);
    accounted_ = std::max(accounted_, until);
  }
  planning_ = false;
  pre_roll_.begin_after(why);
}

// The camera went, or its keyframes are far apart.
void Recording::look_at_window(MonotonicTime now) {
  if (!planning_ || spans_.wants(now)) return;
  const auto why = gaps_.cause().value_or(event::GapCause::undecodable);
  if (segment_ && now - spans_.until() < 2 * patience_for_keyframe) return;
  finish(std::nullopt);
  stop_planning(now, why);
}

}  // namespace porchlight::record
