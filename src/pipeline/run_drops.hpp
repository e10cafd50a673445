// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <string>

#include "porchlight/telemetry/metrics.hpp"

namespace porchlight::pipeline {

// camera_frames_dropped: what a camera has lost since its ingest last began to run, of all that it ever lost.
class RunDrops {
 public:
  // `metrics` outlives it.
  RunDrops(telemetry::Metrics& metrics, const std::string& camera_id);

  // Ingest's thread, at the beginning of each run.
  void begin() noexcept { before_.store(dropped_.value(), std::memory_order_relaxed); }
  // Main thread. Between two runs there is no such number.
  void show(bool running) noexcept;

 private:
  const telemetry::Counter dropped_;
  telemetry::Gauge of_run_;
  std::atomic<double> before_{0};
};

}  // namespace porchlight::pipeline
