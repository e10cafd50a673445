// SPDX-License-Identifier: Apache-2.0
// The footage lane's side of the wiring.
#include <fstream>

#include "pipeline/pipeline_state.hpp"
#include "porchlight/record/clock_belief.hpp"

namespace porchlight::pipeline {
namespace {

using namespace std::chrono_literals;

event::DiskFault disk_fault_of(VolumeFault fault) {
  switch (fault) {
    case VolumeFault::full:
      return event::DiskFault::full;
    case VolumeFault::almost_full:
      return event::DiskFault::almost_full;
    case VolumeFault::read_only:
      return event::DiskFault::read_only;
    case VolumeFault::missing:
      return event::DiskFault::missing;
    case VolumeFault::wrong_volume:
      return event::DiskFault::wrong_volume;
    case VolumeFault::damaged_index:
      return event::DiskFault::damaged_index;
    case VolumeFault::error:
    case VolumeFault::back:
      break;
  }
  return event::DiskFault::error;
}

}  // namespace

const std::string& boot_id() {
  static const std::string id = [] {
    std::string text;
    std::ifstream("/proc/sys/kernel/random/boot_id") >> text;
    return text;
  }();
  return id;
}

record::Mode mode_of(camera::RecordMode mode) noexcept {
  switch (mode) {
    case camera::RecordMode::continuous:
      return record::Mode::continuous;
    case camera::RecordMode::events:
      return record::Mode::events;
    case camera::RecordMode::off:
      break;
  }
  return record::Mode::off;
}

FootagePlanPtr footage_plan_of(const Options& options) {
  auto plan = std::make_shared<FootagePlan>();
  plan->recording = options.recording;
  for (const auto& camera : options.cameras)
    if (camera.records()) plan->cameras.push_back({camera.id, mode_of(camera.record)});
  return plan;
}

Status Pipeline::State::make_footage() {
  auto wakeup = Wakeup::create();
  if (!wakeup) return std::move(wakeup).error();
  footage_events =
      std::make_unique<FootageEvents>(clock, [this](Incoming news) { dispatcher->offer(std::move(news)); });
  FootageLane::Ports ports;
  ports.clock_is_synchronised = [] {
    return record::kernel_clock_synchronised() || record::time_service_synchronised();
  };
  ports.gap = [this](const record::GapNote& gap) { footage_events->gap(gap); };
  ports.found = [this](const FootageEvents::FoundGap& gap) { footage_events->found(gap); };
  ports.trouble = [this, folder = options.recording.folder.string()](const VolumeTrouble& trouble) {
    if (trouble.fault == VolumeFault::back)
      footage_events->disk_well(folder);
    else
      footage_events->disk(folder, disk_fault_of(trouble.fault), trouble.detail);
  };
  ports.turn = [this] { footage_events->turn(); };
  footage = std::make_unique<FootageLane>(
      FootageLane::Options{options.folder, boot_id(), record::has_clock_chip()}, footage_plan_of(options),
      clock, metrics, std::move(*wakeup), std::move(ports));
  return {};
}

// Its file system may be a network's: one that does not answer is no reason to start the doorbell again.
void Pipeline::State::start_footage() {
  supervisor.start(
      {"footage", "sync", Stage::store, 600s,
       [lane = footage.get()](std::stop_token stop, Heartbeat& beat) { lane->run(stop, beat); }});
}

void Pipeline::State::make_event_clips() {
  EventClips::Ports ports;
  ports.rolls = [this] {
    return std::pair(std::chrono::milliseconds(pre_roll_ms.load(std::memory_order_relaxed)),
                     std::chrono::milliseconds(post_roll_ms.load(std::memory_order_relaxed)));
  };
  ports.make = [this](const std::string& camera, WallTime from, WallTime to, const std::filesystem::path& out,
                      std::stop_token stop) {
    if (!make_clip) return Status(Error(ErrorCode::unavailable, "this daemon makes no films"));
    return make_clip(camera, from, to, out, std::move(stop));
  };
  ports.store = [this](StoreJob job) { return store->queue().push(std::move(job)); };
  event_clips = std::make_unique<EventClips>(options.folder / "clips", clock, std::move(ports));
  clips->set_tick([this] {
    event_clips->turn(clips->stop_token());
    return true;
  });
  dispatcher->on_clip([this](ClipWish wish) {
    return clips->quick([this, wish = std::move(wish)] { event_clips->take(wish); });
  });
}

void Pipeline::set_clip_maker(ClipMaker make) {
  state_->make_clip = std::move(make);
}

Pipeline::Rolls Pipeline::rolls() const noexcept {
  return {std::chrono::milliseconds(state_->pre_roll_ms.load(std::memory_order_relaxed)),
          std::chrono::milliseconds(state_->post_roll_ms.load(std::memory_order_relaxed))};
}

void Pipeline::protect_segment(std::int64_t id, bool is_protected, std::function<void(Status)> done) {
  const auto answer = std::make_shared<std::function<void(Status)>>(std::move(done));
  const bool taken = state_->footage->queue().push(
      ProtectSegments{{id}, is_protected, [answer](Status status) { (*answer)(std::move(status)); }});
  if (!taken) (*answer)(Error(ErrorCode::unavailable, "the footage lane is busy"));
}

}  // namespace porchlight::pipeline
