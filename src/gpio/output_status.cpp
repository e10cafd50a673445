// SPDX-License-Identifier: Apache-2.0
#include "porchlight/gpio/output_lane.hpp"

namespace porchlight::gpio {

std::string_view to_string(OutputState state) noexcept {
  switch (state) {
    case OutputState::off:
      return "off";
    case OutputState::on:
      return "on";
    case OutputState::degraded:
      return "degraded";
    case OutputState::disabled:
      return "disabled";
  }
  return "degraded";
}

std::string OutputStatus::text() const {
  auto text = id + ": " + std::string(to_string(state));
  if (state == OutputState::degraded) {
    text += " (";
    text += reason == LineTrouble::failed ? "the line cannot be written, trying again" : to_string(reason);
    text += ")";
  }
  if (cause == OutputCause::door)
    text += std::string(", a door for ") + (role == DoorRole::admin ? "administrators" : "users");
  else
    text += ", on " + std::string(to_string(cause));
  return text + ", " + backend + ", switched on " + std::to_string(switched_on) +
         (switched_on == 1 ? " time" : " times");
}

OutputInstruments resolve_instruments(telemetry::Metrics& metrics, const OutputOptions& options) {
  return {metrics.gauge("output_active", {{"output_id", options.id}}),
          metrics.counter("errors_total",
                          {{"component", "hardware"}, {"error_type", "io"}, {"severity", "error"}})};
}

}  // namespace porchlight::gpio
