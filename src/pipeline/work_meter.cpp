// SPDX-License-Identifier: Apache-2.0
#include "pipeline/work_meter.hpp"

#include <pthread.h>
#include <time.h>

namespace porchlight::pipeline {
namespace {

// Nothing for the clock of a thread that has just ended.
std::int64_t nanoseconds_of(clockid_t clock) noexcept {
  timespec used{};
  if (::clock_gettime(clock, &used) != 0) return 0;
  return std::int64_t{used.tv_sec} * 1'000'000'000 + used.tv_nsec;
}

}  // namespace

void WorkMeter::begin() noexcept {
  if (has_run_) restarts_.increment();
  has_run_ = true;
  clockid_t clock{};
  if (::pthread_getcpuclockid(::pthread_self(), &clock) == 0)
    thread_clock_.store(clock, std::memory_order_relaxed);
  started_ns_.store(clock_.now().time_since_epoch().count(), std::memory_order_relaxed);
}

void WorkMeter::end() noexcept {
  started_ns_.store(not_running, std::memory_order_relaxed);
  thread_clock_.store(0, std::memory_order_relaxed);
  finished_ns_.fetch_add(nanoseconds_of(CLOCK_THREAD_CPUTIME_ID), std::memory_order_relaxed);
}

std::chrono::nanoseconds WorkMeter::cpu() const noexcept {
  const int clock = thread_clock_.load(std::memory_order_relaxed);
  const auto finished = finished_ns_.load(std::memory_order_relaxed);
  return std::chrono::nanoseconds{finished + (clock == 0 ? 0 : nanoseconds_of(clock))};
}

std::optional<MonotonicTime> WorkMeter::running_since() const noexcept {
  const auto started = started_ns_.load(std::memory_order_relaxed);
  if (started == not_running) return std::nullopt;
  return MonotonicTime{std::chrono::nanoseconds{started}};
}

}  // namespace porchlight::pipeline
