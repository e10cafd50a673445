// SPDX-License-Identifier: Apache-2.0
#include "pipeline/store_lane.hpp"

#include <algorithm>
#include <utility>

#include "pipeline/event_scope.hpp"
#include "pipeline/store_open.hpp"
#include "porchlight/base/overloaded.hpp"

namespace porchlight::pipeline {
namespace {

using namespace std::chrono_literals;
constexpr auto reopen_pause = 2s;
constexpr auto look_period = 1s;  // a command in another process may have changed the gallery
constexpr auto tidy_period = 1h;
constexpr auto outbox_kept = 24h * 30;
constexpr auto alerts_kept = 24h * 30;  // after Alertmanager last told of one; it repeats within days
constexpr auto clips_kept = 2h;         // the messages that carry one expire within an hour
constexpr std::size_t committed_kept = 256;
constexpr std::size_t queue_capacity = 2048;

std::string* person_of(event::Event& event) {
  if (auto* sighting = std::get_if<event::Sighting>(&event)) return &sighting->person;
  if (auto* security = std::get_if<event::Security>(&event)) return &security->person;
  return nullptr;
}

double milliseconds_between(MonotonicTime from, MonotonicTime to) {
  return std::chrono::duration<double, std::milli>(to - from).count();
}

}  // namespace

StoreLane::StoreLane(std::filesystem::path folder, const Clock& clock, telemetry::Metrics& metrics,
                     telemetry::Health& health, Wakeup wakeup, Sinks sinks)
    : folder_(std::move(folder)),
      clock_(clock),
      metrics_(metrics),
      health_(health),
      sinks_(std::move(sinks)),
      errors_(metrics.counter("errors_total",
                              {{"component", "database"}, {"error_type", "io"}, {"severity", "error"}})),
      outcomes_(metrics),
      known_faces_(metrics.gauge("known_faces_database_size")),
      face_cache_(metrics, "face_embeddings"),
      recognition_(metrics),
      wakeup_(std::move(wakeup)),
      queue_(queue_capacity, wakeup_),
      audit_(folder_, clock, metrics, sinks_.alarm) {}

StoreLane::~StoreLane() {
  audit_.use_database(nullptr);
}

void StoreLane::run(std::stop_token stop, Heartbeat& heartbeat) {
  std::stop_callback wake(stop, [this] { wakeup_.notify(); });
  ended_.store(false, std::memory_order_release);
  while (!stop.stop_requested()) {
    heartbeat.beat();
    const auto now = clock_.now();
    if (!open_ && now >= next_open_) try_open();
    audit_.note_started();
    if (open_ && now >= next_look_) look_at_gallery();
    if (new_face_model_.has_fresh()) show_recognition();
    if (open_ && !held_.empty()) write_held();
    if (open_ && !incomplete_.empty() && now >= next_completion_) complete_again();
    if (open_ && !next_reload_.empty()) reload_again();
    if (!untold_.empty()) tell_withdrawals();
    if (open_ && !unended_.empty() && now >= next_ending_) end_again();
    if (open_ && now >= next_tidy_) tidy();
    if (open_ && now >= next_measure_) measure_outbox();
    audit_.turn();
    wakeup_.wait_for(audit_.pause(look_period), [&] { return !queue_.empty() || stop.stop_requested(); });
    while (auto job = queue_.pop()) {
      heartbeat.beat();
      work(std::move(*job));
      audit_.turn();
    }
  }
  // The lanes that feed this one have stopped: what is queued now is all there will be.
  while (auto job = queue_.pop()) work(std::move(*job));
  if (open_) write_held();
  if (open_) complete_again();
  audit_.close();
  ended_.store(true, std::memory_order_release);
}

void StoreLane::try_open() {
  next_open_ = clock_.now() + reopen_pause;
  auto database = store::Database::open(folder_ / "porchlight.db", {}, &metrics_);
  auto snapshots = database ? store::SnapshotFolder::open(folder_ / "snapshots")
                            : Result<store::SnapshotFolder>(database.error());
  health_.database_connected = database.ok();
  health_.storage_accessible = snapshots.ok();
  health_.set(telemetry::Health::Part::database,
              snapshots ? telemetry::Health::PartState::started : telemetry::Health::PartState::failed);
  if (!snapshots) {
    failed("the event log cannot be opened, trying again", snapshots.error());
    if (opened() == Opened::not_yet) {
      open_fault_ = snapshots.error().text();
      opened_.store(Opened::no, std::memory_order_release);
    }
    return;
  }
  open_ = std::unique_ptr<Open>(new Open{std::move(*database), std::move(*snapshots)});
  audit_.use_database(open_->database.get());
  if (const auto before = open_->database->migrated_from())
    (void)audit_.record(
        {store::SystemChange{"database", "schema_migrated", "the database was migrated",
                             std::to_string(*before), std::to_string(store::Database::version()),
                             store::AuditResult::success},
         {},
         {}},
        store::Durability::synced);
  opened_.store(Opened::yes, std::memory_order_release);
  look_at_gallery();  // first: what was held may name somebody who is forgotten
  show_recognition();
  write_held();
  for (const auto& channel : std::exchange(channels_asked_, {})) reload({channel});
}

// A sighting that was under way when its person was forgotten must not bring the name back.
void StoreLane::leave_out_forgotten(CommitEvent& job) const {
  if (!names_) return;
  leave_out_strangers(job.rows);
  if (auto* person = person_of(job.event); person != nullptr && !names_->contains(*person)) person->clear();
}

void StoreLane::leave_out_strangers(std::vector<store::OutboxRow>& rows) const {
  if (!names_) return;
  for (auto& row : rows) notify::leave_out_strangers(row, *names_);
}

void StoreLane::work(StoreJob job) {
  if (new_face_model_.has_fresh()) show_recognition();
  const telemetry::ContextScope scope(context_of(job));
  std::visit(
      Overloaded{[](std::monostate) {}, [this](CommitEvent& j) { commit(std::move(j)); },
                 [this](AwaitCommit& j) { await(std::move(j)); },
                 [this](AmendEvent& j) { amend(std::move(j)); }, [this](SettleMessage& j) { settle(j); },
                 [this](ResendMessages& j) { resend(j); }, [this](ReloadChannel& j) { reload(j); },
                 [this](ReadGallery& j) { read_gallery(j); }, [this](RecordAudit& j) { record(j); },
                 [this](AnswerEvent& j) { answer(j); }, [this](TakeAlerts& j) { take_alerts(j); },
                 [this](CompleteEvent& j) { complete(std::move(j)); }, [this](LabelEvent& j) { label(j); },
                 [this](RehearseEvent& j) { rehearse(j); }},
      job);
}

void StoreLane::rehearse(const RehearseEvent& job) {
  if (!open_) return job.done(Error(ErrorCode::unavailable, "the event log is not open"));
  if (!held_.empty()) return job.done(Error(ErrorCode::unavailable, "events wait to be written"));
  job.done(open_->log.rehearse(job.event, job.rows));
}

void StoreLane::commit(CommitEvent job) {
  leave_out_forgotten(job);
  if (const auto* ring = std::get_if<event::Ring>(&job.event)) {
    auto& note = timeline_.add(*ring);
    if (job.picture_age)
      note.picture_age_ms = std::chrono::duration<double, std::milli>(*job.picture_age).count();
  }
  write_held();  // order of events is order of commits
  const auto status = !held_.empty() || !open_
                          ? Status(Error(ErrorCode::unavailable, "the event log is not open"))
                          : open_->log.append(job.event, job.rows, job.picture_age);
  // Before anybody is told that it is there. What is held now was counted when it came.
  status ? outcomes_.written(job.event) : outcomes_.failed(job.event);
  if (status) note_committed(job);
  audit_.note_event(job.event);
  note_end(job.event, Held::searched);
  if (status) return;
  health_.database_connected = false;
  failed("an event could not be written, holding it in memory", status.error());
  if (held_.push(std::move(job))) return;
  errors_.increment();
  log_.critical("too many events wait for the event log, the oldest is given up");
}

void StoreLane::note_committed(const CommitEvent& job) {
  const auto& header = event::header_of(job.event);
  health_.database_connected = true;
  last_fault_.clear();
  committed_.push_back(header.id);
  if (committed_.size() > committed_kept) committed_.pop_front();
  const auto [first, last] = awaiting_.equal_range(header.id);
  for (auto waiting = first; waiting != last; ++waiting) waiting->second.acknowledge();
  awaiting_.erase(first, last);
  under_way_.erase(header.id);
  if (auto* note = timeline_.find(header.id))
    note->edge_to_commit_ms = milliseconds_between(header.edge, clock_.now());
  if (const auto* sighting = std::get_if<event::Sighting>(&job.event); sighting && sighting->ring_id)
    if (auto* note = timeline_.find(*sighting->ring_id)) note->answer = *sighting;
  sinks_.rings(timeline_.snapshot());
  sinks_.changed();
}

void StoreLane::write_held() {
  while (open_ && !held_.empty()) {
    auto& [commit, picture] = held_.front();
    leave_out_forgotten(commit);
    if (!open_->log.append(commit.event, commit.rows, commit.picture_age)) return;
    note_committed(commit);
    // What a lane gave up or never got because it was to come from the outbox can be fetched there now.
    for (const auto& row : commit.rows) next_reload_.emplace(row.key.channel_id, clock_.now());
    AmendEvent late{event::header_of(commit.event).id, std::move(picture), {}};
    const auto written = std::move(commit.event);
    held_.pop_front();
    if (late.picture) amend(std::move(late));
    // Of what began before the database could be read, too. What is still held is later.
    note_end(written, Held::ignored);
  }
}

void StoreLane::await(AwaitCommit job) {
  if (std::find(committed_.begin(), committed_.end(), job.id) != committed_.end()) {
    job.acknowledge();
    return;
  }
  // A client that gave up leaves its entry behind; the oldest ids sort first.
  if (awaiting_.size() >= awaited_limit) {
    const auto oldest = awaiting_.extract(awaiting_.begin());
    if (oldest.mapped().give_up) oldest.mapped().give_up();
  }
  awaiting_.emplace(job.id, std::move(job));
}

void StoreLane::amend(AmendEvent job) {
  if (job.clip) return add_clip(std::move(job));
  leave_out_strangers(job.rows);
  if (held_.amend(job) || !open_) return;
  std::optional<std::string> file;
  if (job.picture) {
    auto saved = open_->snapshots.save(job.id, *job.picture);
    health_.storage_accessible = saved.ok();
    if (saved)
      file = std::move(*saved);
    else
      failed("a picture could not be stored", saved.error());
  }
  if (auto status = open_->log.amend(job.id, std::move(file), job.rows); !status)
    failed("an event could not be amended", status.error());
  else if (job.picture)
    sinks_.changed();
}

void StoreLane::settle(const SettleMessage& job) {
  std::optional<double> taken;
  if (const auto* ring = timeline_.find(job.key.event_id);
      ring && job.state == store::DeliveryState::delivered)
    taken = std::chrono::duration<double, std::milli>(job.at - ring->ring.header.at).count();
  timeline_.note_delivery(job.key, job.state, job.attempts, taken);
  sinks_.rings(timeline_.snapshot());
  if (job.state != store::DeliveryState::pending && job.state != store::DeliveryState::cancelled)
    note_delivery(job);
  if (held_.settle(job) || !open_) return;
  const auto status = [&] {
    switch (job.state) {
      case store::DeliveryState::delivered:
        return open_->outbox.mark_delivered(job.key, job.attempts, job.at, job.receipt);
      case store::DeliveryState::failed:
        return open_->outbox.mark_failed(job.key, job.attempts, job.at, job.error);
      case store::DeliveryState::expired:
        return open_->outbox.mark_expired(job.key, job.attempts, job.at);
      case store::DeliveryState::cancelled:
        return open_->outbox.mark_cancelled(job.key, job.attempts, job.at);
      case store::DeliveryState::pending:
        return open_->outbox.mark_retry(job.key, job.attempts, job.at, job.error);
    }
    return Status();
  }();
  if (!status) failed("the outcome of a message could not be written", status.error());
}

void StoreLane::note_delivery(const SettleMessage& job) {
  take_routing();
  const auto type = routing_->types.find(job.key.channel_id);
  std::string label;
  if (open_)
    if (const auto row = open_->outbox.find(job.key); row && *row) label = (*row)->label;
  audit_.note_delivery(job.key, job.state == store::DeliveryState::delivered,
                       type == routing_->types.end() ? std::string() : type->second, label);
}

void StoreLane::record(const RecordAudit& job) {
  auto status = audit_.record(job.entry, job.durability);
  if (job.answer) job.answer(std::move(status));
}

void StoreLane::read_gallery(const ReadGallery& job) {
  gallery_revision_.reset();
  if (open_) look_at_gallery();
  if (!job.answer) return;
  if (!gallery_revision_) {
    job.answer(Error(ErrorCode::unavailable, "the gallery cannot be read"));
    return;
  }
  auto count = open_->gallery.person_count();
  job.answer(count ? Result<std::size_t>(static_cast<std::size_t>(*count))
                   : Result<std::size_t>(count.error()));
}

void StoreLane::look_at_gallery() {
  next_look_ = clock_.now() + look_period;
  const auto revision = open_->gallery.revision();
  if (!revision) return failed("the gallery could not be read", revision.error());
  if (gallery_revision_ == *revision) return face_cache_.hit();
  face_cache_.miss();
  auto people = open_->gallery.people();
  if (!people) return failed("the gallery could not be read", people.error());
  gallery_revision_ = *revision;
  known_faces_.set(static_cast<double>(people->size()));
  measure_faces(*people);
  take_names(*people);
  sinks_.people(std::make_shared<const std::vector<store::Person>>(std::move(*people)));
}

// What the recogniser is handed: the vectors.
void StoreLane::measure_faces(const std::vector<store::Person>& people) {
  std::set<std::int64_t> held;
  std::size_t bytes = 0;
  for (const auto& person : people) {
    for (const auto& face : person.faces) {
      held.insert(face.id);
      bytes += sizeof(face.vector) + face.second.size() * sizeof(float);
    }
  }
  face_cache_.holds(bytes);
  face_cache_.evicted(static_cast<std::size_t>(
      std::count_if(faces_.begin(), faces_.end(), [&](std::int64_t id) { return !held.contains(id); })));
  faces_ = std::move(held);
}

// Whoever is gone since the last look was forgotten, perhaps by a command of another process while a sighting
// was on its way to the log. A name that was only changed stays in the events.
void StoreLane::take_names(const std::vector<store::Person>& people) {
  std::map<std::int64_t, std::string> named;
  std::set<std::string> names;
  for (const auto& person : people) {
    named.emplace(person.id, person.name);
    names.insert(person.name);
  }
  std::swap(named, people_);
  names_ = std::make_shared<const std::set<std::string>>(std::move(names));
  take_routing();
  tell_names();
  timeline_.keep_names(*names_);
  sinks_.rings(timeline_.snapshot());
  for (const auto& [id, name] : named) {
    if (people_.contains(id) || names_->contains(name)) continue;
    if (auto status = open_->gallery.erase_from_events(name); !status)
      failed("a forgotten name may be left in the log of the database", status.error());
  }
}

// Before anybody can be recognised by that name.
void StoreLane::tell_names() {
  for (const auto& [id, lane] : routing_->lanes) lane->know(names_);
}

void StoreLane::tidy() {
  next_tidy_ = clock_.now() + tidy_period;
  if (auto pruned = open_->outbox.prune(clock_.wall() - outbox_kept); !pruned)
    failed("the outbox could not be pruned", pruned.error());
  if (auto pruned = store::AlertLog(*open_->database).prune(clock_.wall() - alerts_kept); !pruned)
    failed("old alerts could not be forgotten", pruned.error());
  static_cast<void>(open_->snapshots.forget_clips(clips_kept));
  show_recognition();
  if (auto status = open_->database->checkpoint(); !status) failed("checkpoint", status.error());
}

void StoreLane::take_routing() {
  auto routing = new_routing_.take();
  if (!routing) return;
  routing_ = std::move(*routing);
  if (names_) tell_names();
}

// A fault that repeats is counted, not printed again.
void StoreLane::failed(std::string_view doing, const Error& error) {
  errors_.increment();
  if (std::exchange(last_fault_, error.text()) == error.text()) return;
  log_.error(doing, {{"fault", error.text()}});
}

}  // namespace porchlight::pipeline
