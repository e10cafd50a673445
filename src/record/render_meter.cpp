// SPDX-License-Identifier: Apache-2.0
#include "porchlight/record/render_meter.hpp"

#include <string>

namespace porchlight::record {
namespace {

constexpr const char* modes[] = {"clip", "export", "thumbnail"};
constexpr const char* outcomes[] = {"success", "failure", "cancelled"};

}  // namespace

RenderMeter::RenderMeter(telemetry::Metrics& metrics) {
  for (std::size_t mode = 0; mode < total_.size(); ++mode) {
    duration_[mode] = metrics.histogram("video_generation_duration_seconds", {{"mode", modes[mode]}});
    for (std::size_t outcome = 0; outcome < total_[mode].size(); ++outcome)
      total_[mode][outcome] =
          metrics.counter("video_generation_total", {{"mode", modes[mode]}, {"status", outcomes[outcome]}});
  }
}

void RenderMeter::book(Rendering mode, Outcome outcome, std::chrono::nanoseconds took) {
  const auto row = static_cast<std::size_t>(mode);
  total_[row][static_cast<std::size_t>(outcome)].increment();
  duration_[row].observe(std::chrono::duration<double>(took).count());
}

}  // namespace porchlight::record
