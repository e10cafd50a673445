// SPDX-License-Identifier: Apache-2.0
// The recorders' side of the wiring.
#include <algorithm>
#include <utility>

#include "pipeline/pipeline_state.hpp"
#include "porchlight/telemetry/build.hpp"

namespace porchlight::pipeline {

Result<std::shared_ptr<record::Recorder>> Pipeline::State::make_recorder(
    const camera::CameraOptions& wanted, const record::RecordOptions& recording,
    std::optional<MonotonicTime> since) {
  if (!wanted.records()) return std::shared_ptr<record::Recorder>();
  record::RecorderOptions recorder;
  recorder.camera_id = wanted.id;
  recorder.mode = mode_of(wanted.record);
  recorder.audio = wanted.audio;
  recorder.recording = recording;
  recorder.boot_id = boot_id();
  recorder.version = telemetry::build_version();
  recorder.since = since;
  auto made = record::Recorder::create(std::move(recorder), clock, metrics, recorder_ports());
  if (!made) return std::move(made).error();
  return std::shared_ptr<record::Recorder>(std::move(*made));
}

// Each is called on a recorder's thread; the lane outlives the recorders' workers.
record::Recorder::Ports Pipeline::State::recorder_ports() {
  record::Recorder::Ports ports;
  ports.tell = [this](record::RecordNote note) {
    if (!footage->tell(std::move(note))) notes_lost.fetch_add(1, std::memory_order_relaxed);
  };
  ports.volume = [this] { return footage->volume(); };
  ports.wall = [this](MonotonicTime at) { return footage->wall(at); };
  ports.make_room = [this] { footage->make_room(); };
  return ports;
}

// Of a recorder that was given up, too: the one with the slow disk.
void Pipeline::tell_longest_sync() const {
  std::chrono::nanoseconds longest{0};
  for (const auto& [id, unit] : state_->cameras)
    if (const auto* recorder = unit->recorder(); recorder != nullptr)
      longest = std::max(longest, recorder->longest_sync());
  if (longest.count() == 0) return;
  telemetry::Logger("doorbell.pipeline", telemetry::Component::recording)
      .info("the recordings' longest sync",
            {{"longest_sync_ms", std::chrono::duration<double, std::milli>(longest).count()}});
}

// The index has them again from the files, but for the causes of gaps. Said when they double: a lane that
// takes nothing must not fill the log.
void Pipeline::State::show_lost_notes() {
  const auto lost = notes_lost.load(std::memory_order_relaxed);
  if (lost == 0 || lost < 2 * notes_lost_said) return;
  notes_lost_said = lost;
  telemetry::Logger("doorbell.pipeline", telemetry::Component::storage)
      .error("notes of what was recorded were not taken, the index does not know of it before the next start",
             {{"notes", static_cast<std::int64_t>(lost)}});
}

}  // namespace porchlight::pipeline
