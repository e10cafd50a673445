// SPDX-License-Identifier: Apache-2.0
#include "pipeline/host_lane.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "porchlight/store/database.hpp"

namespace porchlight::pipeline {
namespace {

constexpr std::chrono::seconds period{5};

// Nothing before the first of them is made.
std::optional<double> database_bytes(const std::filesystem::path& folder) {
  std::optional<double> bytes;
  for (const auto* name : {"porchlight.db", "footage.db"})
    if (const auto size = store::bytes_on_disk(folder / name))
      bytes = bytes.value_or(0) + static_cast<double>(*size);
  return bytes;
}

std::optional<double> mean_of(std::string_view name, const telemetry::Samples& samples) {
  double sum = 0;
  double count = 0;
  for (const auto& sample : samples) {
    if (sample.name != name) continue;
    sum += sample.value;
    ++count;
  }
  return count > 0 ? std::optional(sum / count) : std::nullopt;
}

bool is_failed(const telemetry::Labels& request) {
  return request.at("status").starts_with('5');
}

}  // namespace

HostLane::HostLane(std::filesystem::path folder, std::filesystem::path recordings, Clock& clock,
                   telemetry::Metrics& metrics)
    : folder_(folder),
      clock_(clock),
      metrics_(metrics),
      sampler_({std::move(folder), "/", std::move(recordings)}) {}

void HostLane::run(std::stop_token stop, Heartbeat& heartbeat) {
  auto next = clock_.now();
  do {
    heartbeat.beat();
    show();
    next = std::max(next + period, clock_.now());  // after a long sleep of the machine nothing is made up for
  } while (clock_.sleep_for(next - clock_.now(), stop));
}

void HostLane::show() {
  if (auto fresh = new_cameras_.take()) cameras_ = std::move(*fresh);
  const auto now = clock_.now();
  std::vector<host::WorkerFigures> workers;
  for (const auto& camera : *cameras_) workers.push_back(camera->figures(now));
  auto samples = sampler_.sample(now, workers);
  if (const auto bytes = database_bytes(folder_)) samples.push_back({"database_size_bytes", {}, *bytes});
  const double score = score_.add(now, totals(samples));
  samples.push_back({"system_health_score", {}, score});
  metrics_.publish(std::move(samples));
}

observe::ScoreTotals HostLane::totals(const telemetry::Samples& samples) const {
  const auto cameras = metrics_.sum("camera_connection_status");
  observe::ScoreTotals totals;
  totals.cameras = static_cast<double>(cameras.series);
  totals.connected = cameras.value;
  totals.requests = metrics_.sum("http_requests_total").value;
  totals.failed = metrics_.sum("http_requests_total", is_failed).value;
  totals.frames_received = metrics_.sum("camera_frames_received_total").value;
  totals.frames_dropped = metrics_.sum("camera_frames_dropped_total").value;
  totals.disks_used_percent = mean_of("disk_space_used_percent", samples);
  return totals;
}

}  // namespace porchlight::pipeline
