// SPDX-License-Identifier: Apache-2.0
#include "pipeline/inference_meter.hpp"

namespace porchlight::pipeline {
namespace {

const telemetry::Labels face{{"job_type", "face"}};
constexpr const char* ends[] = {"success", "failure", "timeout", "dropped"};

}  // namespace

InferenceMeter::InferenceMeter(telemetry::Metrics& metrics)
    : enqueued_(metrics.counter("ai_jobs_enqueued_total", face)),
      queued_(metrics.gauge("ai_jobs_queued_total", face)),
      took_(metrics.histogram("ai_processing_duration_seconds", face)) {
  for (std::size_t i = 0; i < std::size(ends); ++i)
    ended_[i] = metrics.counter("ai_jobs_processed_total", {{"job_type", "face"}, {"status", ends[i]}});
}

void InferenceMeter::enqueued() {
  enqueued_.increment();
  queued_.add(1);
}

void InferenceMeter::ended(End how) {
  queued_.add(-1);
  ended_[static_cast<std::size_t>(how)].increment();
}

InferenceMeter::Work::~Work() {
  if (!open_) return;
  meter_.took_.observe(std::chrono::duration<double>(took()).count());
  meter_.ended(good_ ? End::success : End::failure);
}

}  // namespace porchlight::pipeline
