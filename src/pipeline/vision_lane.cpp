// SPDX-License-Identifier: Apache-2.0
#include "pipeline/vision_lane.hpp"

#include <utility>

namespace porchlight::pipeline {
namespace {

using namespace std::chrono_literals;
constexpr auto answer_window = 10s;  // a ring without a sure answer by then gets the best guess
constexpr auto idle_beat = 1s;
constexpr auto busy_beat = 100ms;
constexpr auto reload_pause = 10s;
constexpr std::size_t expect_capacity = 64;
// Each holds a picture of up to 12 MB.
constexpr std::size_t examine_capacity = 4;

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
      health_(health),
      dispatcher_(dispatcher),
      errors_(metrics.counter(
          "errors_total",
          {{"component", "face_detector"}, {"error_type", "internal"}, {"severity", "error"}})),
      wakeup_(std::move(wakeup)),
      expectations_(expect_capacity, wakeup_),
      examinations_(examine_capacity, wakeup_),
      new_cameras_(&wakeup_),
      new_gallery_(&wakeup_) {}

void VisionLane::configure(const vision::FaceOptions& options) {
  watcher_.reset();
  for (const auto& [id, view] : *cameras_) view->wanted.store(false, std::memory_order_relaxed);
  engine_.reset();
  next_load_ = {};
  options_ = options;
  enabled_ = options.enabled;
  sweep();
}

void VisionLane::sweep() {
  if (!enabled()) refuse_examinations(switched_off());
}

void VisionLane::run(std::stop_token stop, Heartbeat& heartbeat) {
  std::stop_callback wake(stop, [this] { wakeup_.notify(); });
  while (!stop.stop_requested()) {
    heartbeat.beat();
    take_cameras();
    if (const bool wanted = watcher_ || needed(); !watcher_ && !(wanted && load())) {
      if (wanted)
        refuse_examinations({ErrorCode::unavailable, "the face models cannot be loaded: " + load_fault_});
      wakeup_.wait_for(idle_beat, [&] {
        return new_cameras_.has_fresh() || !examinations_.empty() || stop.stop_requested();
      });
      continue;
    }
    take_news();
    look(heartbeat);
    publish(watcher_->tick());
    tell_wishes();
    examine_next(stop, heartbeat);
    wakeup_.wait_for(
        watcher_->busy() ? std::chrono::nanoseconds(busy_beat) : std::chrono::nanoseconds(idle_beat),
        [&] { return anything_new() || stop.stop_requested(); });
  }
}

// Without a camera and a photograph no model is loaded, and nothing is missing.
bool VisionLane::needed() {
  if (!cameras_->empty() || examination_ || !examinations_.empty()) return true;
  health_.model_loaded = true;
  health_.set(telemetry::Health::Part::model, telemetry::Health::PartState::started);
  return false;
}

bool VisionLane::load() {
  using Part = telemetry::Health::Part;
  using PartState = telemetry::Health::PartState;
  if (clock_.now() < next_load_) return false;
  next_load_ = clock_.now() + reload_pause;
  health_.set(Part::model, PartState::starting);
  auto engine = vision::FaceEngine::create(vision::default_model_dir(), options_, &metrics_);
  health_.model_loaded = engine.ok();
  health_.set(Part::model, engine ? PartState::started : PartState::failed);
  if (!engine) {
    errors_.increment();
    load_fault_ = engine.error().text();
    log_.error("the face models cannot be loaded, rings go out without names", {{"fault", load_fault_}});
    return false;
  }
  engine_ = std::move(*engine);
  watcher_ = std::make_unique<vision::Watcher>(*engine_, gallery_, vision::WatchOptions{}, clock_, metrics_);
  return true;
}

bool VisionLane::anything_new() const {
  if (!expectations_.empty() || new_cameras_.has_fresh() || new_gallery_.has_fresh()) return true;
  // One that waits for a ring's answer comes up again with the busy beat.
  if (!examination_ && !examinations_.empty()) return true;
  for (const auto& [id, view] : *cameras_)
    if (view->for_vision.has_fresh()) return true;
  return false;
}

void VisionLane::take_cameras() {
  auto table = new_cameras_.take();
  if (!table) return;
  for (const auto& [id, view] : *cameras_)
    if (watcher_ && !(*table)->contains(id)) watcher_->forget_camera(id);
  cameras_ = std::move(*table);
}

void VisionLane::take_gallery() {
  auto gallery = new_gallery_.take();
  if (!gallery) return;
  gallery_ = std::move(*gallery);
  watcher_->set_gallery(gallery_);
}

void VisionLane::take_news() {
  take_gallery();
  while (auto ring = expectations_.pop()) {
    const auto deadline = ring->header.edge + answer_window;
    if (clock_.now() < deadline)
      publish(watcher_->expect_ring(*ring, deadline));
    else
      cannot_answer(*ring);  // its time passed while the models were loading
  }
}

// One frame of each camera a round: a busy camera does not starve the others.
void VisionLane::look(Heartbeat& heartbeat) {
  std::size_t waiting = 0;
  for (const auto& [id, view] : *cameras_) waiting += view->for_vision.has_fresh() ? 1 : 0;
  waiting_.store(waiting, std::memory_order_relaxed);
  for (const auto& [id, view] : *cameras_) {
    auto frame = view->for_vision.take();
    if (!frame || !*frame) continue;
    heartbeat.beat();
    auto seen = watcher_->on_frame(id, *frame);
    if (seen) {
      publish(std::move(*seen));
      continue;
    }
    errors_.increment();
    log_.warning("a frame could not be judged, going on with the next",
                 {{"camera", id}, {"fault", seen.error().text()}});
  }
}

// Whoever is in sight, or waited for, is followed picture by picture; else the cameras may rest.
void VisionLane::tell_wishes() {
  for (const auto& [id, view] : *cameras_) view->wanted.store(watcher_->busy(id), std::memory_order_relaxed);
}

Status VisionLane::examine(Examination examination) {
  if (!enabled()) return switched_off();
  if (examinations_.push(std::move(examination))) return {};
  return Error(ErrorCode::unavailable, "too many photographs wait to be looked at");
}

void VisionLane::examine_next(const std::stop_token& stop, Heartbeat& heartbeat) {
  if (!examination_) examination_ = examinations_.pop();
  if (!examination_) return;
  const bool late = clock_.now() >= examination_->deadline;
  // Whoever stands at the door goes first.
  if (!late && (watcher_->ring_waits() || !expectations_.empty())) return;
  if (late) {
    const auto examination = std::exchange(examination_, std::nullopt);
    examination->answer(Error(ErrorCode::timeout, "the cameras left no time to look at the photograph"));
    return;
  }
  // Whoever asks may have heard that somebody was enrolled while the cameras were looked at.
  take_gallery();
  auto examined = look_at(*examination_, [&] {
    heartbeat.beat();
    return !stop.stop_requested() && expectations_.empty();
  });
  // Put aside: it stays the next one.
  if (!examined && examined.error().code() == ErrorCode::cancelled) return;
  std::exchange(examination_, std::nullopt)->answer(std::move(examined));
}

Examined VisionLane::look_at(const Examination& examination, const vision::FaceEngine::GoOn& go_on) {
  if (examination.wanted == FaceWanted::every) {
    auto found = engine_->shots_of_photo(examination.photo, go_on);
    if (!found) return std::move(found).error();
    return faces_of(examination, std::move(*found));
  }
  const auto whose = examination.wanted == FaceWanted::only ? vision::FaceEngine::Whose::only
                                                            : vision::FaceEngine::Whose::largest;
  auto found = engine_->enrolable_shot(examination.photo, whose, go_on);
  if (!found) return std::move(found).error();
  return faces_of(examination, {*found});
}

Examined VisionLane::faces_of(const Examination& examination, std::vector<vision::Shot> shots) const {
  std::vector<ExaminedFace> faces;
  for (auto& shot : shots) {
    auto identity = vision::identify(*gallery_, shot.embedding, engine_->options().threshold);
    const auto& box = shot.face.box;
    const auto width = static_cast<float>(examination.photo.width);
    const auto height = static_cast<float>(examination.photo.height);
    faces.push_back(
        {shot, {box.x / width, box.y / height, box.width / width, box.height / height}, std::move(identity)});
  }
  return faces;
}

void VisionLane::refuse_examinations(const Error& why) {
  if (const auto examination = std::exchange(examination_, std::nullopt)) examination->answer(why);
  while (const auto examination = examinations_.pop()) examination->answer(why);
}

void VisionLane::cannot_answer(const event::Ring& ring) {
  event::Sighting sighting;
  sighting.header = event::make_header(clock_);
  sighting.header.trace = ring.header.trace.child();
  sighting.camera_id = ring.camera_id;
  sighting.verdict = event::Verdict::error;
  sighting.ring_id = ring.header.id;
  dispatcher_.offer({sighting, nullptr});
}

void VisionLane::publish(std::vector<vision::Seen> seen) {
  for (auto& one : seen) {
    dispatcher_.offer({one.sighting, one.best_shot});
    if (one.alert) dispatcher_.offer({*one.alert, one.best_shot});
  }
}

}  // namespace porchlight::pipeline
