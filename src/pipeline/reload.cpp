// SPDX-License-Identifier: Apache-2.0
// A new configuration under a running house: what did not change keeps running.
#include <algorithm>
#include <optional>
#include <thread>
#include <utility>

#include "pipeline/pipeline_state.hpp"

namespace porchlight::pipeline {
namespace {

using namespace std::chrono_literals;
constexpr auto retire_limit = 1500ms;
// A recorder has to write and sync what it has; a card may take long for it. All together no longer than
// that, because the watchdog waits for this thread.
constexpr auto recorder_limit = 8s;
constexpr auto handover_limit = 1s;

const camera::CameraOptions* find_camera(const std::vector<camera::CameraOptions>& cameras,
                                         const std::string& id) {
  const auto found = std::find_if(cameras.begin(), cameras.end(), [&](const auto& c) { return c.id == id; });
  return found == cameras.end() ? nullptr : &*found;
}

// What recorders themselves go by; how long footage is kept is not theirs.
bool same_recording(const record::RecordOptions& a, const record::RecordOptions& b) {
  return a.folder == b.folder && a.segment == b.segment && a.pre_roll == b.pre_roll &&
         a.post_roll == b.post_roll;
}

}  // namespace

Status Pipeline::State::retire(const std::string& worker) {
  return retire(worker, retire_limit);
}

Status Pipeline::State::retire(const std::string& worker, std::chrono::milliseconds limit) {
  if (supervisor.retire(worker, limit)) return {};
  return Error(ErrorCode::timeout, "worker '" + worker + "' did not stop; restart the daemon");
}

// One camera that does not let go is no reason to leave the others half stopped.
Status Pipeline::State::retire_cameras(const std::vector<std::string>& changed, RecordedUntil& until) {
  Status all;
  std::vector<std::string> unfilled;  // cameras whose recorders get nothing more
  for (const auto& id : changed) stop_ingests(*cameras[id]);
  for (const auto& id : changed) {
    half_stopped.insert(id);
    if (auto status = retire_ingests(*cameras[id]); !status)
      all = std::move(status);
    else
      unfilled.push_back(id);
  }
  for (const auto& id : unfilled) stop_recorder(*cameras[id]);
  const auto deadline = SystemClock{}.now() + recorder_limit;
  for (const auto& id : unfilled) {
    if (auto status = retire_rest(*cameras[id], deadline); !status) {
      all = std::move(status);
      continue;
    }
    if (const auto* recorder = cameras[id]->recorder(); recorder != nullptr)
      until[id] = recorder->accounted_until();
    half_stopped.erase(id);
    cameras.erase(id);
  }
  return all;
}

Status Pipeline::State::reload_cameras(const std::vector<camera::CameraOptions>& wanted,
                                       const record::RecordOptions& recording,
                                       std::vector<std::string>& rebuilt) {
  const bool as_before = same_recording(options.recording, recording);
  std::vector<std::string> changed;
  for (const auto& [id, unit] : cameras) {
    const auto* now = find_camera(wanted, id);
    if (now == nullptr || half_stopped.contains(id) || *now != unit->ingest().options() ||
        (!as_before && now->records()))
      changed.push_back(id);
  }
  RecordedUntil recorded_until;
  auto all = retire_cameras(changed, recorded_until);
  for (const auto& id : changed) {
    if (cameras.contains(id)) continue;
    rebuilt.push_back("cameras." + id);
    // Nothing of a removed camera counts any more: its workers have ended.
    if (find_camera(wanted, id) == nullptr) metrics.forget("camera_id", id);
  }
  for (const auto& camera : wanted) {
    if (cameras.contains(camera.id)) continue;
    auto unit = make_camera(camera, recording, recorded_until[camera.id]);
    if (!unit) {
      all = std::move(unit).error();
      continue;
    }
    cameras[camera.id] = std::move(*unit);
    start_camera(cameras[camera.id]);
    if (const auto name = "cameras." + camera.id;
        std::find(rebuilt.begin(), rebuilt.end(), name) == rebuilt.end())
      rebuilt.push_back(name);
  }
  return all;
}

void Pipeline::State::resume_cameras() {
  if (std::none_of(half_stopped.begin(), half_stopped.end(),
                   [this](const auto& id) { return can_go_on(*cameras[id]); }))
    return;
  std::vector<std::string> rebuilt;
  const auto status = reload_cameras(options.cameras, options.recording, rebuilt);
  publish_views();
  tell_house();
  const telemetry::Logger log("doorbell.pipeline", telemetry::Component::system);
  for (const auto& name : rebuilt)
    log.info("what a reload could not stop in time is built anew", {{"key", name}});
  if (!status) log.error("a camera could not be built anew", {{"fault", status.error().text()}});
}

Status Pipeline::State::reload_buttons(const std::vector<gpio::ButtonOptions>& wanted) {
  auto lane = make_buttons(wanted);
  if (!lane) return std::move(lane).error();
  // The old lane lets its lines go first: the kernel gives each to one owner only.
  if (auto status = retire("button"); !status) return status;
  buttons = std::move(*lane);
  start_buttons();
  return {};
}

Status Pipeline::State::reload_channels(const notify::Options& wanted, const notify::LinkMakerPtr& links,
                                        bool only_mqtt) {
  Lanes kept;
  if (only_mqtt)
    for (const auto& channel : wanted.channels)
      if (const auto lane = routing->lanes.find(channel.id);
          channel.type != notify::mqtt_type && lane != routing->lanes.end())
        kept.insert(*lane);
  auto made = make_routing(wanted, links, kept);
  if (!made) return std::move(made).error();
  const auto old = std::exchange(routing, std::move(*made));
  store->set_routing(routing);
  dispatcher->set_routing(routing);
  // Only once the dispatcher has the new lanes may the old ones go: what they hold then is in the
  // outbox, and the new lanes are handed it.
  for (auto waited = 0ms; dispatcher->routing_pending() && waited < handover_limit; waited += 1ms)
    std::this_thread::sleep_for(1ms);
  Status all;
  for (const auto& [id, lane] : old->lanes) {
    if (kept.contains(id)) continue;
    if (auto status = retire("notify-" + id); !status)
      all = std::move(status);
    else if (const auto next = routing->lanes.find(id); next != routing->lanes.end())
      next->second->inherit(*lane);
  }
  start_channels(kept);  // an old lane that hangs does not keep the new ones waiting
  return all;
}

// The lanes stay: what a camera is called is the dispatcher's business alone.
void Pipeline::State::rename_cameras(const notify::Options& wanted) {
  auto renamed = std::make_shared<Routing>(*routing);
  renamed->rules = notify::rule_set_of(wanted);
  routing = std::move(renamed);
  store->set_routing(routing);
  dispatcher->set_routing(routing);
}

Status Pipeline::State::reload_faces(const vision::FaceOptions& wanted) {
  if (vision->enabled())
    if (auto status = retire("vision"); !status) return status;
  vision->configure(wanted);
  store->set_face_model(std::string(vision::answering_version(wanted)));
  start_vision();
  return {};
}

Result<std::vector<std::string>> Pipeline::reload(Options wanted, const Changes& changes) {
  auto& s = *state_;
  std::vector<std::string> rebuilt;
  std::optional<Error> fault;
  const auto note = [&](Status status, const char* part) {
    if (!status)
      fault = std::move(status).error();
    else if (part != nullptr)
      rebuilt.emplace_back(part);
  };
  note(s.reload_cameras(wanted.cameras, wanted.recording, rebuilt), nullptr);
  if (!same_recording(wanted.recording, s.options.recording)) rebuilt.emplace_back("recording");
  // A line may go from a button to an output, or back: whoever gives it up goes first, or finds it a second
  // later.
  if (wanted.outputs != s.options.outputs)
    note(s.reload_outputs(wanted.outputs, wanted.buttons), "outputs");
  else if (wanted.buttons != s.options.buttons)
    s.configure_outputs(wanted.outputs, wanted.buttons);
  if (wanted.buttons != s.options.buttons) note(s.reload_buttons(wanted.buttons), "buttons");
  if (changes.notifications || changes.mqtt)
    note(s.reload_channels(wanted.notifications, wanted.links, !changes.notifications),
         changes.notifications ? "notifications" : "mqtt");
  else if (wanted.notifications.cameras != s.options.notifications.cameras)
    s.rename_cameras(wanted.notifications);
  if (changes.faces) note(s.reload_faces(wanted.faces), "faces");
  // Also after a fault: whoever was rebuilt must be seen.
  s.options = std::move(wanted);
  s.footage->configure(footage_plan_of(s.options));
  s.publish_views();
  s.tell_house();
  if (fault) return std::move(*fault);
  return rebuilt;
}

}  // namespace porchlight::pipeline
