// SPDX-License-Identifier: Apache-2.0
#include "record/record_instruments.hpp"

#include <algorithm>

#include "porchlight/base/mounts.hpp"

namespace porchlight::record {
namespace {

constexpr const char* active_name = "recording_active";

double seconds(std::chrono::nanoseconds duration) {
  return std::chrono::duration<double>(duration).count();
}

telemetry::Counter errors_of(const char* type, telemetry::Metrics& metrics) {
  return metrics.counter("errors_total",
                         {{"component", "storage"}, {"error_type", type}, {"severity", "error"}});
}

}  // namespace

RecordInstruments::RecordInstruments(const std::string& camera_id, const std::filesystem::path& folder,
                                     telemetry::Metrics& metrics)
    : metrics_(metrics),
      camera_id_(camera_id),
      active_(metrics.gauge(active_name, {{"camera_id", camera_id}})),
      bytes_(metrics.counter("recording_bytes_written_total", {{"camera_id", camera_id}})),
      gap_(metrics.counter("recording_gap_seconds_total", {{"camera_id", camera_id}})),
      closing_(metrics.histogram("segment_processing_seconds", {{"camera_id", camera_id}})),
      stage_(metrics.histogram("pipeline_processing_duration_seconds", {{"stage", "recording"}})),
      io_errors_(errors_of("io", metrics)),
      space_errors_(errors_of("resource", metrics)) {
  for (std::size_t i = 0; i < gap_by_cause_.size(); ++i)
    gap_by_cause_[i] = metrics.counter("recording_gap_seconds_by_cause_total",
                                       {{"cause", std::string(event::to_string(event::gap_causes[i]))}});
  const auto device = block_device_under(folder);
  const auto labels = [&](const char* operation) {
    return telemetry::Labels{{"device", device}, {"operation", operation}};
  };
  if (!device.empty() && metrics.knows("disk_io_latency_ms", labels("sync"))) {
    write_ms_ = metrics.histogram("disk_io_latency_ms", labels("write"));
    sync_ms_ = metrics.histogram("disk_io_latency_ms", labels("sync"));
  }
  active_.set(0);
}

void RecordInstruments::gap(event::GapCause cause, std::chrono::nanoseconds longer) {
  gap_.increment(seconds(longer));
  const auto* row = std::find(event::gap_causes.begin(), event::gap_causes.end(), cause);
  gap_by_cause_[static_cast<std::size_t>(row - event::gap_causes.begin())].increment(seconds(longer));
}

void RecordInstruments::write_took(std::chrono::nanoseconds duration) {
  write_ms_.observe(1000 * seconds(duration));
}

void RecordInstruments::sync_took(std::chrono::nanoseconds duration) {
  sync_ms_.observe(1000 * seconds(duration));
  auto longest = longest_sync_.load(std::memory_order_relaxed);
  while (longest < duration.count() &&
         !longest_sync_.compare_exchange_weak(longest, duration.count(), std::memory_order_relaxed)) {
  }
}

void RecordInstruments::closing_took(std::chrono::nanoseconds duration) {
  closing_.observe(seconds(duration));
}
void RecordInstruments::fragment_took(std::chrono::nanoseconds duration) {
  stage_.observe(seconds(duration));
}
void RecordInstruments::failed(bool no_space) {
  (no_space ? space_errors_ : io_errors_).increment();
}

void RecordInstruments::retire() {
  metrics_.remove_gauge(active_name, {{"camera_id", camera_id_}});
}

}  // namespace porchlight::record
