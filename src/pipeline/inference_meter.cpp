// SPDX-License-Identifier: Apache-2.0
#include "pipeline/inference_meter.hpp"

namespace porchlight::pipeline {
namespace {

constexpr const char* ends[] = {"success", "failure", "timeout", "dropped"};

}  // namespace

InferenceMeter::InferenceMeter(telemetry::Metrics& metrics, const std::string& job_type)
    : enqueued_(metrics.counter("ai_jobs_enqueued_total", {{"job_type", job_type}})),
      queued_(metrics.gauge("ai_jobs_queued_total", {{"job_type", job_type}})),
      took_(metrics.histogram("ai_processing_duration_seconds", {{"job_type", job_type}})) {
  for (std::size_t i = 0; i < std::size(ends); ++i)
    ended_[i] = metrics.counter("ai_jobs_processed_total", {{"job_type", job_type}, {"status", ends[i]}});
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
  meter_.took_.observe(std::chrono::duration<double>(took()).count(), trace_);
  meter_.ended(good_ ? End::success : End::failure);
}

}  // namespace porchlight::pipeline
