// SPDX-License-Identifier: Apache-2.0
// Which thread runs which loop. docs/threads.md is the table of this file.
#include <algorithm>

#include "pipeline/pipeline_state.hpp"

namespace porchlight::pipeline {
namespace {

using namespace std::chrono_literals;

std::string ingest_id(const std::string& camera) {
  return "ingest-" + camera;
}
std::string decoder_id(const std::string& camera) {
  return "decoder-" + camera;
}
std::string main_ingest_id(const std::string& camera) {
  return ingest_id(camera) + "-main";
}
std::string recorder_id(const std::string& camera) {
  return "recorder-" + camera;
}
std::string notifier_id(const std::string& channel) {
  return "notify-" + channel;
}

}  // namespace

void Pipeline::State::start_buttons() {
  supervisor.start({"button", "button", Stage::sources, 5s,
                    [lane = buttons](std::stop_token stop, Heartbeat& beat) { lane->run(stop, beat); },
                    Urgency::ring});
}

void Pipeline::State::start_camera(const std::shared_ptr<CameraUnit>& unit) {
  supervisor.start({decoder_id(unit->id()), "decoder", Stage::decoders, 10s,
                    [unit](std::stop_token stop, Heartbeat& beat) { unit->run_decode(stop, beat); },
                    Urgency::watching});
  if (unit->recorder() != nullptr)
    // A sync on a failing card can take long; it is not death.
    supervisor.start({recorder_id(unit->id()), "recorder", Stage::recorders, 30s,
                      [unit](std::stop_token stop, Heartbeat& beat) { unit->run_recorder(stop, beat); }});
  // A name look-up cannot be interrupted and may take the resolver's whole patience.
  supervisor.start({ingest_id(unit->id()), "ingest", Stage::sources, 60s,
                    [unit](std::stop_token stop, Heartbeat& beat) { unit->run_ingest(stop, beat); }});
  if (unit->has_main_ingest())
    supervisor.start({main_ingest_id(unit->id()), "ingest", Stage::sources, 60s,
                      [unit](std::stop_token stop, Heartbeat& beat) { unit->run_main_ingest(stop, beat); }});
}

// The order matters: whoever fills goes before whoever empties.
void Pipeline::State::stop_ingests(const CameraUnit& unit) {
  for (const auto& worker : {main_ingest_id(unit.id()), ingest_id(unit.id())})
    supervisor.request_stop(worker);
}

Status Pipeline::State::retire_ingests(const CameraUnit& unit) {
  Status all;
  for (const auto& worker : {main_ingest_id(unit.id()), ingest_id(unit.id())})
    if (auto status = retire(worker); !status) all = std::move(status);
  return all;
}

void Pipeline::State::stop_recorder(const CameraUnit& unit) {
  supervisor.request_stop(recorder_id(unit.id()));
}

Status Pipeline::State::retire_rest(CameraUnit& unit, MonotonicTime deadline) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - SystemClock{}.now());
  auto status = retire(recorder_id(unit.id()), std::max(0ms, left));
  if (status) status = retire(decoder_id(unit.id()));
  if (status) unit.retire();
  return status;
}

bool Pipeline::State::can_go_on(const CameraUnit& unit) {
  for (const auto& worker :
       {main_ingest_id(unit.id()), ingest_id(unit.id()), recorder_id(unit.id()), decoder_id(unit.id())})
    if (supervisor.is_abandoned(worker)) return false;
  return true;
}

void Pipeline::State::start_channels(const Lanes& running) {
  for (const auto& [id, lane] : routing->lanes) {
    if (running.contains(id)) continue;
    // One request may take its whole timeout, at most 60 s, without a beat.
    supervisor.start({notifier_id(id), "notifier", Stage::notify, 75s,
                      [lane](std::stop_token stop, Heartbeat& beat) { lane->run(stop, beat); },
                      Urgency::ring});
    store->queue().push(ReloadChannel{id});
  }
}

void Pipeline::State::start_vision() {
  if (!vision->enabled()) {
    health.model_loaded = true;  // a feature that is off counts as there
    health.set(telemetry::Health::Part::model, telemetry::Health::PartState::started);
    return;
  }
  supervisor.start({"vision", "detector", Stage::decoders, 30s,
                    [lane = vision.get()](std::stop_token stop, Heartbeat& beat) { lane->run(stop, beat); },
                    Urgency::background});
}

void Pipeline::State::start_lanes() {
  // A commit on a failing card can take long; it is not death.
  supervisor.start({"store", "sync", Stage::store, 20s,
                    [lane = store.get()](std::stop_token stop, Heartbeat& beat) { lane->run(stop, beat); },
                    Urgency::ring});
  supervisor.start(
      {"event", "event", Stage::events, 5s,
       [lane = dispatcher.get()](std::stop_token stop, Heartbeat& beat) { lane->run(stop, beat); },
       Urgency::ring});
  // A password takes a second on a slow board; nothing on the machine waits for it.
  supervisor.start({"accounts", "sync", Stage::http, 30s,
                    [lane = accounts.get()](std::stop_token stop, Heartbeat& beat) { lane->run(stop, beat); },
                    Urgency::background});
  // A worker of its own, so that a page of events does not wait for somebody's password.
  supervisor.start({"library", "sync", Stage::http, 30s,
                    [lane = library.get()](std::stop_token stop, Heartbeat& beat) { lane->run(stop, beat); },
                    Urgency::background});
  // Half an hour of footage is copied in up to a minute without a beat, and a disk that does not answer is no
  // reason to start the doorbell again.
  supervisor.start({"clips", "sync", Stage::http, 600s,
                    [lane = clips.get()](std::stop_token stop, Heartbeat& beat) { lane->run(stop, beat); },
                    Urgency::background});
  // Waits for a camera that does not answer, or as long as a channel's timeout, which is 60 s at most.
  supervisor.start({"trials", "sync", Stage::http, 90s,
                    [lane = trials.get()](std::stop_token stop, Heartbeat& beat) { lane->run(stop, beat); },
                    Urgency::background});
  // A recordings disk or a server that does not answer is what it is there to find.
  supervisor.start(
      {"health", "sync", Stage::http, 600s,
       [lane = health_checks.get()](std::stop_token stop, Heartbeat& beat) { lane->run(stop, beat); },
       Urgency::background});
}

void Pipeline::State::start_sampler() {
  // A file system that does not answer is no reason to start the daemon again.
  supervisor.start({"sampler", "sampler", Stage::sources, 600s,
                    [lane = host.get()](std::stop_token stop, Heartbeat& beat) { lane->run(stop, beat); },
                    Urgency::background});
}

std::vector<std::pair<std::string, std::string>> Pipeline::workers_of(const Options& options) {
  std::vector<std::pair<std::string, std::string>> workers{
      {"button", "button"},   {"event", "event"},   {"store", "sync"},     {"accounts", "sync"},
      {"footage", "sync"},    {"library", "sync"},  {"clips", "sync"},     {"trials", "sync"},
      {"sampler", "sampler"}, {"live", "streamer"}, {"mjpeg", "streamer"}, {"health", "sync"}};
  for (const auto& camera : options.cameras) {
    workers.emplace_back(ingest_id(camera.id), "ingest");
    workers.emplace_back(decoder_id(camera.id), "decoder");
    if (!camera.records()) continue;
    workers.emplace_back(recorder_id(camera.id), "recorder");
    if (camera.detect) workers.emplace_back(main_ingest_id(camera.id), "ingest");
  }
  for (const auto& channel : options.notifications.channels)
    workers.emplace_back(notifier_id(channel.id), "notifier");
  if (!options.outputs.empty()) workers.emplace_back("output", "output");
  if (options.faces.enabled) workers.emplace_back("vision", "detector");
  return workers;
}

}  // namespace porchlight::pipeline
