// SPDX-License-Identifier: Apache-2.0
#include "instruments.hpp"

namespace porchlight::camera {
namespace {

constexpr std::string_view status_name = "camera_connection_status";
constexpr std::string_view state_name = "camera_connection_state";
constexpr std::string_view fps_name = "camera_fps";
constexpr std::string_view expected_name = "camera_fps_expected";
constexpr std::string_view bitrate_name = "camera_bitrate";
constexpr std::string_view last_frame_name = "camera_last_frame_timestamp";

std::size_t row_number(const FaultRow& fault) {
  return static_cast<std::size_t>(&fault - fault_table.data());
}

std::string status_label(std::size_t state) {
  return std::string(to_string(static_cast<ConnectionState>(state)));
}

}  // namespace

Instruments::Instruments(const CameraOptions& options, telemetry::Metrics& metrics)
    : metrics_(metrics), camera_id_(options.id), enabled_(options.enabled) {
  for (std::size_t i = 0; i < states; ++i)
    states_[i] = metrics.gauge(state_name, labels("status", status_label(i)));
  received_ = metrics.counter("camera_frames_received_total", labels());
  dropped_ = metrics.counter("camera_frames_dropped_total", labels());
  for (std::size_t i = 0; i < fault_table.size(); ++i) {
    failures_[i] = metrics.counter("errors_total", {{"component", "ingest"},
                                                    {"error_type", std::string(fault_table[i].error_type)},
                                                    {"severity", "warning"}});
    reconnects_[i] = metrics.counter("camera_reconnects_total", labels("reason", fault_table[i].reason));
  }
  if (!enabled_) return;
  status_ = metrics.gauge(status_name, labels());
  fps_ = metrics.gauge(fps_name, labels());
  bitrate_ = metrics.gauge(bitrate_name, labels());
  if (options.expected_fps > 0) expected_fps(options.expected_fps);
}

telemetry::Labels Instruments::labels(std::string_view key, std::string_view value) const {
  telemetry::Labels all{{"camera_id", camera_id_}};
  if (!key.empty()) all.emplace(key, value);
  return all;
}

void Instruments::state(ConnectionState state) {
  for (std::size_t i = 0; i < states; ++i) states_[i].set(i == static_cast<std::size_t>(state) ? 1 : 0);
  if (enabled_) status_.set(state == ConnectionState::connected ? 1 : 0);
}

void Instruments::rates(double frames_per_second, double bits_per_second) {
  fps_.set(frames_per_second);
  bitrate_.set(bits_per_second);
}

void Instruments::expected_fps(double frames_per_second) {
  if (!expected_fps_) expected_fps_ = metrics_.gauge(expected_name, labels());
  expected_fps_->set(frames_per_second);
}

void Instruments::last_frame(WallTime at) {
  if (!last_frame_) last_frame_ = metrics_.gauge(last_frame_name, labels());
  last_frame_->set(std::chrono::duration<double>(at.time_since_epoch()).count());
}

void Instruments::failed(const FaultRow& fault) {
  failures_[row_number(fault)].increment();
}
void Instruments::reconnecting(const FaultRow& fault) {
  reconnects_[row_number(fault)].increment();
}

void Instruments::retire() {
  for (std::size_t i = 0; i < states; ++i)
    metrics_.remove_gauge(state_name, labels("status", status_label(i)));
  for (const auto name : {status_name, fps_name, bitrate_name, expected_name, last_frame_name})
    metrics_.remove_gauge(name, labels());
}

}  // namespace porchlight::camera
