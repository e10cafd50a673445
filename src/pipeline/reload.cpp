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
  if (supervisor.retire(worker, retire_limit)) return {};
  return Error(ErrorCode::timeout, "worker '" + worker + "' did not stop; restart the daemon");
}

Status Pipeline::State::reload_cameras(const std::vector<camera::CameraOptions>& wanted,
                                       const record::RecordOptions& recording,
                                       std::vector<std::string>& rebuilt) {
  const bool as_before = same_recording(options.recording, recording);
  std::vector<std::string> removed;
  std::map<std::string, std::optional<MonotonicTime>> recorded_until;
  for (auto it = cameras.begin(); it != cameras.end();) {
    const auto* now = find_camera(wanted, it->first);
    if (now != nullptr && *now == it->second->ingest().options() && (as_before || !now->records())) {
      ++it;
      continue;
    }
    if (auto status = retire_camera(*it->second); !status) return status;
    if (const auto* recorder = it->second->recorder(); recorder != nullptr)
      recorded_until[it->first] = recorder->accounted_until();
    rebuilt.push_back("cameras." + it->first);
    if (now == nullptr) removed.push_back(it->first);
    it = cameras.erase(it);
  }
  // Nothing of a removed camera counts any more: its workers have ended.
  for (const auto& id : removed) metrics.forget("camera_id", id);
  for (const auto& camera : wanted) {
    if (cameras.contains(camera.id)) continue;
    auto unit = make_camera(camera, recording, recorded_until[camera.id]);
    if (!unit) return std::move(unit).error();
    cameras[camera.id] = std::move(*unit);
    start_camera(cameras[camera.id]);
    if (const auto name = "cameras." + camera.id;
        std::find(rebuilt.begin(), rebuilt.end(), name) == rebuilt.end())
      rebuilt.push_back(name);
  }
  return {};
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
