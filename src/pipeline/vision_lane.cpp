// SPDX-License-Identifier: Apache-2.0
#include "pipeline/vision_lane.hpp"

#include "pipeline/event_scope.hpp"

#include <algorithm>
#include <utility>

namespace porchlight::pipeline {
namespace {

using namespace std::chrono_literals;
using End = InferenceMeter::End;
constexpr auto answer_window = 10s;  // a ring without a sure answer by then gets the best guess
constexpr auto frame_window = 2s;    // an older picture does not show who is there
constexpr std::chrono::nanoseconds idle_beat = 1s;
constexpr std::chrono::nanoseconds busy_beat = 100ms;
constexpr std::size_t expect_capacity = 64;

// Whose picture the engine looks at, while it lives: also when looking throws, the next one is another's.
class WorksFor {
 public:
  WorksFor(vision::FaceEngine& engine, const event::TraceContext& trace) : engine_(engine) {
    engine_.works_for(trace);
  }
  ~WorksFor() { engine_.works_for({}); }
  WorksFor(const WorksFor&) = delete;
  WorksFor& operator=(const WorksFor&) = delete;

 private:
  vision::FaceEngine& engine_;
};

Error switched_off() {
  return {ErrorCode::unavailable, "the recognition of faces is switched off (faces.enabled)"};
}

}  // namespace

VisionLane::VisionLane(vision::FaceOptions options, const Clock& clock, telemetry::Metrics& metrics,
                       telemetry::Health& health, Dispatcher& dispatcher, Wakeup wakeup)
    : options_(std::move(options)),
      enabled_(options_.enabled),
      clock_(clock),
      metrics_(metrics),
      dispatcher_(dispatcher),
      errors_(metrics.counter(
          "errors_total",
          {{"component", "face_detector"}, {"error_type", "internal"}, {"severity", "error"}})),
      wakeup_(std::move(wakeup)),
      expectations_(expect_capacity, wakeup_),
      meter_(metrics, "face"),
      photographs_(wakeup_, meter_),
      validations_(wakeup_),
      new_cameras_(&wakeup_),
      new_gallery_(&wakeup_),
      models_(clock, metrics, health),
      schedule_(meter_) {}

void VisionLane::configure(const vision::FaceOptions& options) {
  if (watcher_) publish(watcher_->give_up());
  drop_models();
  models_.reset();
  options_ = options;
  enabled_ = options.enabled;
  told_threshold_.clear();
  sweep();
}

void VisionLane::sweep() {
  if (enabled()) return;
  photographs_.refuse_all(switched_off(), End::dropped);
  validations_.refuse(switched_off());
}

void VisionLane::run(std::stop_token stop, Heartbeat& heartbeat) {
  std::stop_callback wake(stop, [this] { wakeup_.notify(); });
  while (!stop.stop_requested()) {
    heartbeat.beat();
    take_cameras();
    take_gallery();
    if (have_models()) round(stop, heartbeat);
    serve_validation();
    wakeup_.wait_for(beat(), [&] { return anything_new() || stop.stop_requested(); });
  }
}

void VisionLane::take_cameras() {
  auto table = new_cameras_.take();
  if (!table) return;
  for (const auto& [id, view] : *cameras_) {
    if ((*table)->contains(id)) continue;
    schedule_.forget(id);
    if (watcher_) watcher_->forget_camera(id);
  }
  cameras_ = std::move(*table);
}

void VisionLane::take_gallery() {
  auto gallery = new_gallery_.take();
  if (!gallery) return;
  gallery_ = std::move(*gallery);
  if (!watcher_) {
    metrics_.gauge("known_faces_database_size").set(static_cast<double>(gallery_->size()));
    return;
  }
  watcher_->set_gallery(gallery_);
  tell_threshold();
}

// A camera or a photograph is looked at as long as there are models. They are loaded at the start, so that
// what is wrong with them is known before somebody rings.
bool VisionLane::have_models() {
  const auto now = clock_.now();
  const bool need = needed();
  if (need) last_need_ = now;
  if (watcher_) {
    if (need || options_.unload_after == 0ms || now - last_need_ < options_.unload_after) return true;
    drop_models();
    log_.info("the face models are dropped from memory until somebody needs them");
    return false;
  }
  if (need || (!models_.good() && !cameras_->empty())) {
    last_need_ = now;
    return load_models();
  }
  if (cameras_->empty()) models_.unneeded();
  return false;
}

// Somebody moves, is in sight or rings, or there is a photograph. What a camera at rest shows now and then is
// searched while the models are loaded, and is no reason to load or to keep them.
bool VisionLane::needed() const {
  if (!expectations_.empty() || photographs_.waiting() || (watcher_ && watcher_->busy())) return true;
  return std::any_of(cameras_->begin(), cameras_->end(), [](const auto& entry) {
    const auto& view = *entry.second;
    return view.for_vision.has_fresh() && !view.at_rest.load(std::memory_order_relaxed);
  });
}

// Where they cannot be, whoever waits hears so at once.
bool VisionLane::load_models() {
  const auto loaded = models_.load(options_);
  if (!loaded) {
    const Error why(ErrorCode::unavailable, "the face models cannot be loaded: " + loaded.error().text());
    photographs_.refuse_all(why, End::failure);
    while (const auto ring = expectations_.pop()) cannot_answer(*ring);
    waiting_.store(0, std::memory_order_relaxed);
    return false;
  }
  watcher_ = std::make_unique<vision::Watcher>(*models_.engine(), gallery_, vision::WatchOptions{}, clock_,
                                               metrics_);
  if (options_.mobile && told_threshold_.empty())
    log_.info("the second embedder is on; what it was trained on is not documented (docs/models.md)");
  tell_threshold();
  return true;
}

// Nobody's name: the log outlives who is forgotten.
void VisionLane::tell_threshold() {
  const auto& calibration = watcher_->calibration();
  const auto alike = static_cast<std::int64_t>(calibration.look_alikes.size());
  const auto without_second = static_cast<std::int64_t>(calibration.without_second);
  auto text = vision::words(calibration);
  const auto all = text + ' ' + std::to_string(alike) + ' ' + std::to_string(without_second);
  if (all == told_threshold_) return;
  told_threshold_ = all;
  log_.info("the threshold of face recognition", {{"threshold", std::move(text)}});
  if (alike > 0)
    log_.warning(
        "enrolled people look alike and may be taken for each other; `porchlight faces list` names them",
        {{"pairs", alike}});
  if (without_second > 0)
    log_.warning("people without the second embedding are compared by the first alone, enrol them again",
                 {{"people", without_second}});
}

void VisionLane::drop_models() {
  schedule_.clear();
  watcher_.reset();
  tell_wishes();
  models_.drop();
}

// One search at most, so that a ring never waits for more than one.
void VisionLane::round(const std::stop_token& stop, Heartbeat& heartbeat) {
  take_rings();
  take_frames();
  search_next();
  publish(watcher_->tick());
  tell_wishes();
  serve_photograph(stop, heartbeat);
}

void VisionLane::take_rings() {
  while (auto ring = expectations_.pop()) {
    const telemetry::ContextScope scope(context_of(event::Event(*ring)));
    const auto deadline = ring->header.edge + answer_window;
    if (clock_.now() < deadline)
      publish(watcher_->expect_ring(*ring, deadline));
    else
      cannot_answer(*ring);  // its time passed while the models were loading
  }
}

// While a ring's picture waits for its search, only who is due for one themselves gets past it.
void VisionLane::take_frames() {
  std::size_t waiting = 0;
  for (const auto& [id, view] : *cameras_) waiting += view->for_vision.has_fresh() ? 1 : 0;
  waiting_.store(waiting, std::memory_order_relaxed);
  for (const bool ringing : {true, false}) {
    const bool hurry = !ringing && watcher_->ring_waits() && !schedule_.empty();
    for (const auto& [id, view] : *cameras_)
      if (watcher_->ring_waits(id) == ringing) take_frame(id, *view, hurry);
  }
}

// Whoever is in sight, or waited for, is followed picture by picture; else the cameras may rest.
void VisionLane::tell_wishes() {
  for (const auto& [id, view] : *cameras_)
    view->wanted.store(watcher_ && watcher_->busy(id), std::memory_order_relaxed);
}

void VisionLane::take_frame(const std::string& camera, CameraView& view, bool hurry) {
  const auto due = watcher_->due(camera);
  if (hurry && due == vision::Watcher::Due::not_yet) return;
  auto frame = view.for_vision.take();
  if (!frame || !*frame) return;
  if (due != vision::Watcher::Due::not_yet) {
    const auto standing = due == vision::Watcher::Due::awaited ? InferenceSchedule::Standing::awaited
                                                               : InferenceSchedule::Standing::at_rest;
    if (schedule_.offer(camera, *frame, standing, clock_.now(), (*frame)->decoded + frame_window)) return;
  }
  publish(camera, watcher_->follow(camera, *frame));
}

void VisionLane::search_next() {
  const auto look =
      schedule_.next(clock_.now(), [this](const std::string& id) { return watcher_->ring_waits(id); });
  if (!look) return;
  const auto trace = watcher_->ring_trace(look->camera);
  InferenceMeter::Work work(meter_, trace.trace_id);
  auto seen = [&] {
    const WorksFor scope(*models_.engine(), trace);
    return watcher_->search(look->camera, look->frame);
  }();
  if (seen) work.succeeded();
  schedule_.cost(work.took());
  publish(look->camera, std::move(seen));
}

Status VisionLane::examine(Examination examination) {
  if (!enabled()) return switched_off();
  return photographs_.bring(std::move(examination));
}

Status VisionLane::validate(ModelValidation validation) {
  if (!enabled()) return switched_off();
  return validations_.bring(std::move(validation));
}

// Whoever stands at the door goes first.
bool VisionLane::validation_waits() const {
  return !validations_.queue().empty() && expectations_.empty() && !(watcher_ && watcher_->ring_waits());
}

void VisionLane::serve_validation() {
  if (validation_waits()) validations_.serve(models_.engine());
}

void VisionLane::serve_photograph(const std::stop_token& stop, Heartbeat& heartbeat) {
  photographs_.turn_late_away(clock_.now());
  if (!photographs_.waiting() || !schedule_.others_turn()) return;
  // Whoever stands at the door goes first.
  if (watcher_->ring_waits() || !expectations_.empty()) return;
  schedule_.others_served();
  // Whoever asks may have heard that somebody was enrolled while the cameras were looked at.
  take_gallery();
  photographs_.serve(*models_.engine(), *gallery_, watcher_->calibration().threshold, [&] {
    heartbeat.beat();
    return !stop.stop_requested() && expectations_.empty();
  });
}

std::chrono::nanoseconds VisionLane::beat() const {
  return watcher_ && watcher_->busy() ? busy_beat : idle_beat;
}

bool VisionLane::anything_new() const {
  if (!expectations_.empty() || validation_waits() || new_cameras_.has_fresh() || new_gallery_.has_fresh())
    return true;
  // One that waits for a ring's answer comes up again with the busy beat.
  if (photographs_.fresh() || !schedule_.empty()) return true;
  if (!watcher_) return models_.good() && needed();
  return std::any_of(cameras_->begin(), cameras_->end(),
                     [](const auto& entry) { return entry.second->for_vision.has_fresh(); });
}

void VisionLane::cannot_answer(const event::Ring& ring) {
  event::Sighting sighting;
  sighting.header = event::make_header(clock_);
  sighting.header.trace = ring.header.trace.child();
  sighting.header.request_id = event::request_of(ring.header);
  sighting.header.correlation_id = ring.header.correlation_id;
  sighting.camera_id = ring.camera_id;
  sighting.verdict = event::Verdict::error;
  sighting.ring_id = ring.header.id;
  dispatcher_.offer({sighting, nullptr});
}

void VisionLane::publish(const std::string& camera, Result<std::vector<vision::Seen>> seen) {
  if (seen) return publish(std::move(*seen));
  errors_.increment();
  log_.warning("a frame could not be judged, going on with the next",
               {{"camera", camera}, {"fault", seen.error().text()}});
}

void VisionLane::publish(std::vector<vision::Seen> seen) {
  for (auto& one : seen) {
    dispatcher_.offer({one.sighting, one.best_shot});
    if (one.alert) dispatcher_.offer({*one.alert, one.best_shot});
  }
}

}  // namespace porchlight::pipeline
