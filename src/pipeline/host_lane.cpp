// SPDX-License-Identifier: Apache-2.0
#include "pipeline/host_lane.hpp"

#include <algorithm>
#include <utility>

namespace porchlight::pipeline {
namespace {

constexpr std::chrono::seconds period{5};

}  // namespace

HostLane::HostLane(std::filesystem::path folder, std::filesystem::path recordings, Clock& clock,
                   telemetry::Metrics& metrics)
    : clock_(clock), metrics_(metrics), sampler_({std::move(folder), "/", std::move(recordings)}) {}

void HostLane::run(std::stop_token stop, Heartbeat& heartbeat) {
  auto next = clock_.now();
  do {
    heartbeat.beat();
    show();
    next = std::max(next + period, clock_.now());  // after a long sleep of the machine nothing is made up for
  } while (clock_.sleep_for(next - clock_.now(), stop));
}

void HostLane::show() {
  if (auto fresh = new_cameras_.take()) cameras_ = std::move(*fresh);
  const auto now = clock_.now();
  std::vector<host::WorkerFigures> workers;
  for (const auto& camera : *cameras_) workers.push_back(camera->figures(now));
  metrics_.publish(sampler_.sample(now, workers));
}

}  // namespace porchlight::pipeline
