// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <optional>
#include <string>

#include "fault.hpp"
#include "porchlight/camera/ingest.hpp"
#include "porchlight/telemetry/metrics.hpp"

namespace porchlight::camera {

// One camera's metric handles. Gauges whose value is not known yet get their series with their first
// value. Ingest thread, after construction.
class Instruments {
 public:
  Instruments(const CameraOptions& options, telemetry::Metrics& metrics);

  void state(ConnectionState state);
  void rates(double frames_per_second, double bits_per_second);
  void expected_fps(double frames_per_second);
  void last_frame(WallTime at);
  void received() { received_.increment(); }
  void lost(std::uint64_t pictures) { dropped_.increment(static_cast<double>(pictures)); }
  void failed(const FaultRow& fault);
  void reconnecting(const FaultRow& fault);
  // Takes every gauge series of the camera away.
  void retire();

 private:
  static constexpr std::size_t states = 7;
  telemetry::Labels labels(std::string_view key = {}, std::string_view value = {}) const;

  telemetry::Metrics& metrics_;
  const std::string camera_id_;
  const bool enabled_;
  telemetry::Gauge status_;
  std::array<telemetry::Gauge, states> states_;
  telemetry::Gauge fps_;
  telemetry::Gauge bitrate_;
  std::optional<telemetry::Gauge> expected_fps_;
  std::optional<telemetry::Gauge> last_frame_;
  telemetry::Counter received_;
  telemetry::Counter dropped_;
  std::array<telemetry::Counter, fault_table.size()> failures_;    // by row
  std::array<telemetry::Counter, fault_table.size()> reconnects_;  // by row; rows may share one
};

}  // namespace porchlight::camera
