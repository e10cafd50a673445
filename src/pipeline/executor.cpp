// SPDX-License-Identifier: Apache-2.0
#include "porchlight/pipeline/executor.hpp"

#include "porchlight/telemetry/log_context.hpp"

namespace porchlight::pipeline {
namespace {

constexpr std::chrono::milliseconds tick_period{1000};
constexpr std::chrono::milliseconds soon{50};

}  // namespace

Result<std::unique_ptr<Executor>> Executor::create() {
  auto wakeup = Wakeup::create();
  if (!wakeup) return std::move(wakeup).error();
  return std::unique_ptr<Executor>(new Executor(std::move(*wakeup)));
}

Executor::Job Executor::in_context(Job job) {
  if (telemetry::current_log_context().empty()) return job;
  return telemetry::carried(std::move(job));
}

std::optional<Executor::Job> Executor::next_job() {
  if (quick_done_ < quick_in_a_row) {
    if (auto job = quick_.pop()) {
      ++quick_done_;
      return job;
    }
  }
  quick_done_ = 0;
  if (auto job = slow_.pop()) return job;
  auto job = quick_.pop();  // there was no slow one
  if (job) ++quick_done_;
  return job;
}

bool Executor::work_one() {
  auto job = next_job();
  if (!job) return false;
  (*job)();
  return true;
}

void Executor::run(std::stop_token stop, Heartbeat& heartbeat) {
  const std::stop_callback wake(stop, [this] { wakeup_.notify(); });
  stop_ = stop;
  auto next_tick = std::chrono::steady_clock::now();
  auto hurry_until = next_tick + hurry_;
  while (!stop.stop_requested()) {
    heartbeat.beat();
    if (std::chrono::steady_clock::now() >= next_tick) {
      const bool settled = !tick_ || tick_();
      const auto now = std::chrono::steady_clock::now();
      if (settled) hurry_until = now + hurry_;
      next_tick = now + (settled || now >= hurry_until ? tick_period : soon);
    }
    if (work_one()) continue;
    wakeup_.wait_for(next_tick - std::chrono::steady_clock::now(),
                     [&] { return stop.stop_requested() || !quick_.empty() || !slow_.empty(); });
  }
}

}  // namespace porchlight::pipeline
