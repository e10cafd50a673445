// SPDX-License-Identifier: Apache-2.0
#include "gpio/line.hpp"
#include "porchlight/gpio/button_lane.hpp"

namespace porchlight::gpio {

bool knows_lost_edges(const ButtonOptions& options) noexcept {
  return options.kind == ButtonKind::gpio && capabilities(options.backend).sequence_numbers;
}

ButtonInstruments resolve_instruments(telemetry::Metrics& metrics, const ButtonOptions& options) {
  ButtonInstruments instruments;
  if (knows_lost_edges(options)) {
    instruments.lost_edges = metrics.counter("button_lost_edges_total", {{"button_id", options.id}});
  }
  if (options.kind == ButtonKind::gpio) {
    instruments.line_lost = metrics.counter(
        "errors_total", {{"component", "hardware"}, {"error_type", "io"}, {"severity", "error"}});
  }
  return instruments;
}

}  // namespace porchlight::gpio
