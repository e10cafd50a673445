// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <string>

#include "porchlight/telemetry/metrics.hpp"

namespace porchlight::pipeline {

// What becomes of the jobs of one type (`job_type`: face, motion): enqueued = ended in one of four ways +
// queued. Queued are those that wait and those that are being worked on. Several meters of one type add up.
// Any thread.
class InferenceMeter {
 public:
  InferenceMeter(telemetry::Metrics& metrics, const std::string& job_type);

  enum class End { success, failure, timeout, dropped };
  void enqueued();
  void ended(End how);

  // A job whose turn has come. It fails unless somebody says how it ended, so that an exception loses none.
  // `trace`: of what asked for it; all zero when nothing did.
  class Work {
   public:
    explicit Work(InferenceMeter& meter, const telemetry::TraceBytes& trace = {})
        : meter_(meter), trace_(trace) {}
    ~Work();
    Work(const Work&) = delete;
    Work& operator=(const Work&) = delete;
    void succeeded() noexcept { good_ = true; }
    void put_back() noexcept { open_ = false; }  // it waits again
    std::chrono::nanoseconds took() const { return std::chrono::steady_clock::now() - begun_; }

   private:
    InferenceMeter& meter_;
    const telemetry::TraceBytes trace_;
    const std::chrono::steady_clock::time_point begun_ = std::chrono::steady_clock::now();
    bool open_ = true;
    bool good_ = false;
  };

 private:
  telemetry::Counter enqueued_;
  telemetry::Counter ended_[4];
  telemetry::Gauge queued_;
  telemetry::Histogram took_;
};

}  // namespace porchlight::pipeline
