// SPDX-License-Identifier: Apache-2.0
#include "pipeline/run_drops.hpp"

namespace porchlight::pipeline {

RunDrops::RunDrops(telemetry::Metrics& metrics, const std::string& camera_id)
    : dropped_(metrics.counter("camera_frames_dropped_total", {{"camera_id", camera_id}})),
      of_run_(metrics.gauge("camera_frames_dropped", {{"camera_id", camera_id}})) {}

void RunDrops::show(bool running) noexcept {
  if (running)
    of_run_.set(dropped_.value() - before_.load(std::memory_order_relaxed));
  else
    of_run_.clear();
}

}  // namespace porchlight::pipeline
