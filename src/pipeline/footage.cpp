// SPDX-License-Identifier: Apache-2.0
// The footage lane's side of the wiring.
#include <fstream>

#include "pipeline/pipeline_state.hpp"
#include "porchlight/record/clock_belief.hpp"

namespace porchlight::pipeline {
namespace {

using namespace std::chrono_literals;

std::string read_boot_id() {
  std::string id;
  std::ifstream("/proc/sys/kernel/random/boot_id") >> id;
  return id;
}

}  // namespace

// No camera has a recorder yet.
FootagePlanPtr footage_plan_of(const Options& options) {
  auto plan = std::make_shared<FootagePlan>();
  plan->recording = options.recording;
  return plan;
}

Status Pipeline::State::make_footage() {
  auto wakeup = Wakeup::create();
  if (!wakeup) return std::move(wakeup).error();
  FootageLane::Ports ports;
  ports.clock_is_synchronised = [] {
    return record::kernel_clock_synchronised() || record::time_service_synchronised();
  };
  footage = std::make_unique<FootageLane>(
      FootageLane::Options{options.folder, read_boot_id(), record::has_clock_chip()},
      footage_plan_of(options), clock, metrics, std::move(*wakeup), std::move(ports));
  return {};
}

// Its file system may be a network's: one that does not answer is no reason to start the doorbell again.
void Pipeline::State::start_footage() {
  supervisor.start(
      {"footage", "sync", Stage::store, 600s,
       [lane = footage.get()](std::stop_token stop, Heartbeat& beat) { lane->run(stop, beat); }});
}

}  // namespace porchlight::pipeline
