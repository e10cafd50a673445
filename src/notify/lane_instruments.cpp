// SPDX-License-Identifier: Apache-2.0
#include "notify/lane_instruments.hpp"

#include <algorithm>

namespace porchlight::notify {
namespace {

constexpr std::array<std::string_view, 7> label_names{"doorbell_press",
                                                      "face_recognized",
                                                      "unknown_person",
                                                      "blacklist_match",
                                                      "motion",
                                                      "system_alert",
                                                      "test"};
constexpr std::array<std::string_view, 6> error_names{"timeout",  "network",    "auth",
                                                      "resource", "validation", "internal"};
// In the order of Delivery::Kind.
constexpr std::array<std::string_view, 3> result_names{"delivered", "retry", "rejected"};

std::string_view error_type_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::timeout:
      return "timeout";
    case ErrorCode::network:
    case ErrorCode::unavailable:
      return "network";
    case ErrorCode::auth:
    case ErrorCode::permission_denied:
      return "auth";
    case ErrorCode::resource:
      return "resource";
    case ErrorCode::invalid_argument:
      return "validation";
    default:
      return "internal";
  }
}

template <std::size_t N>
std::size_t index_of(const std::array<std::string_view, N>& names, std::string_view name) {
  return static_cast<std::size_t>(std::find(names.begin(), names.end(), name) - names.begin());
}

double seconds(std::chrono::nanoseconds time) {
  return std::chrono::duration<double>(time).count();
}

}  // namespace

LaneInstruments::LaneInstruments(telemetry::Metrics& metrics, const std::string& channel_type)
    : retries_(metrics.counter("notification_retries_total", {{"channel", channel_type}})),
      stage_(metrics.histogram("pipeline_processing_duration_seconds", {{"stage", "notification"}})),
      duration_(metrics.histogram("notification_delivery_duration_seconds", {{"channel", channel_type}})),
      ring_to_notification_(
          metrics.histogram("doorbell_ring_to_notification_seconds", {{"channel", channel_type}})) {
  for (std::size_t i = 0; i < labels; ++i)
    for (const bool success : {false, true})
      sent_[i][success] =
          metrics.counter("notifications_sent_total", {{"channel", channel_type},
                                                       {"type", std::string(label_names[i])},
                                                       {"status", success ? "success" : "failure"}});
  for (std::size_t i = 0; i < attempts_.size(); ++i)
    attempts_[i] = metrics.counter("notification_attempts_total",
                                   {{"channel", channel_type}, {"result", std::string(result_names[i])}});
  for (std::size_t i = 0; i < error_types; ++i)
    errors_[i] = metrics.counter(
        "errors_total",
        {{"component", "notifier"}, {"error_type", std::string(error_names[i])}, {"severity", "warning"}});
}

void LaneInstruments::attempted(const Message& message, std::chrono::nanoseconds took,
                                Delivery::Kind result) {
  stage_.observe(seconds(took), event::trace_id_of(message.row.traceparent));
  attempts_[static_cast<std::size_t>(result)].increment();
}

void LaneInstruments::failed(ErrorCode code) {
  errors_[index_of(error_names, error_type_of(code))].increment();
}

void LaneInstruments::ring_accepted(const Message& message, const Clock& clock) {
  const std::chrono::nanoseconds took =
      message.edge ? clock.now() - *message.edge : clock.wall() - message.row.happened;
  ring_to_notification_.observe(std::max(0.0, seconds(took)), event::trace_id_of(message.row.traceparent));
}

void LaneInstruments::settled(std::string_view label, bool success,
                              std::chrono::nanoseconds since_first_attempt) {
  duration_.observe(seconds(since_first_attempt));
  if (const auto at = index_of(label_names, label); at < labels) sent_[at][success].increment();
}

}  // namespace porchlight::notify
