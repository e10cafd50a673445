// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>

#include "porchlight/base/clock.hpp"
#include "porchlight/telemetry/metrics.hpp"

namespace porchlight::pipeline {

// How much processor one worker has used, over all its runs. The worker's thread opens a Run at its
// beginning; any thread reads. All atomics are relaxed: each value is the whole message.
class WorkMeter {
 public:
  // `restarts` counts every run after the first.
  WorkMeter(const Clock& clock, telemetry::Counter restarts) : clock_(clock), restarts_(restarts) {}
  WorkMeter(const WorkMeter&) = delete;
  WorkMeter& operator=(const WorkMeter&) = delete;

  class Run {
   public:
    explicit Run(WorkMeter& meter) : meter_(meter) { meter_.begin(); }
    ~Run() { meter_.end(); }
    Run(const Run&) = delete;
    Run& operator=(const Run&) = delete;

   private:
    WorkMeter& meter_;
  };

  // Never falls by more than one run's last moments: a reader may see the end of a run halfway.
  std::chrono::nanoseconds cpu() const noexcept;
  // Of the run that goes on; nothing between two runs.
  std::optional<MonotonicTime> running_since() const noexcept;

 private:
  static constexpr std::int64_t not_running = -1;
  void begin() noexcept;
  void end() noexcept;

  const Clock& clock_;
  // worker's thread
  telemetry::Counter restarts_;
  bool has_run_ = false;
  // any thread
  std::atomic<std::int64_t> finished_ns_{0};  // CPU of the runs that ended
  std::atomic<std::int64_t> started_ns_{not_running};
  std::atomic<int> thread_clock_{0};  // clockid_t of the running thread
};

}  // namespace porchlight::pipeline
