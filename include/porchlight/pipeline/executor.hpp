// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>

#include "porchlight/base/heartbeat.hpp"
#include "porchlight/base/queue.hpp"

namespace porchlight::pipeline {

// A thread for work that another room must not do on its own: one job at a time, quick ones before
// slow ones, so that a quick one waits for at most one slow one. After `quick_in_a_row` quick ones a slow one
// that waits has its turn, so that none waits for ever. What is queued when it stops is
// dropped: the jobs' own ends (a Responder's 503) say so.
class Executor {
 public:
  using Job = std::function<void()>;
  static constexpr std::size_t quick_capacity = 64;
  static constexpr std::size_t slow_capacity = 16;
  static constexpr std::size_t quick_in_a_row = 8;

  static Result<std::unique_ptr<Executor>> create();

  // Any thread. False when the queue is full. The job runs in the caller's log context.
  bool quick(Job job) { return quick_.push(in_context(std::move(job))); }
  bool slow(Job job) { return slow_.push(in_context(std::move(job))); }

  // Before run(): called on the executor's thread about once a second. While it says false, something is not
  // there yet that people wait for: then twenty times a second for as long as `hurry`.
  using Tick = std::function<bool()>;
  void set_tick(Tick tick, std::chrono::milliseconds hurry = std::chrono::seconds(10)) {
    tick_ = std::move(tick);
    hurry_ = hurry;
  }
  // A job that throws ends the run with its exception; the rest stays queued for the next run.
  void run(std::stop_token stop, Heartbeat& heartbeat);
  // Within a job: stop is requested when run() is to end, which a long job must heed.
  std::stop_token stop_token() const { return stop_; }

  using Queue = MpscRing<Job, QueueName::event_processing, Overflow::refuse>;
  const Queue& quick_queue() const noexcept { return quick_; }
  const Queue& slow_queue() const noexcept { return slow_; }

 private:
  explicit Executor(Wakeup wakeup)
      : wakeup_(std::move(wakeup)), quick_(quick_capacity, wakeup_), slow_(slow_capacity, wakeup_) {}
  static Job in_context(Job job);
  bool work_one();
  std::optional<Job> next_job();

  Wakeup wakeup_;
  Queue quick_;
  Queue slow_;
  Tick tick_;
  std::chrono::milliseconds hurry_{0};
  std::size_t quick_done_ = 0;  // since the last slow one
  std::stop_token stop_;        // of the run
};

}  // namespace porchlight::pipeline
