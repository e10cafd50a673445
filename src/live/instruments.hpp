// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "porchlight/base/clock.hpp"
#include "porchlight/telemetry/metrics.hpp"

namespace porchlight::live {

// Of one way to watch.
struct LiveInstruments {
  explicit LiveInstruments(telemetry::Metrics& metrics, const std::string& protocol = "mse")
      : latency(metrics.histogram("stream_latency_seconds", {{"protocol", protocol}})),
        ring_to_view(metrics.histogram("doorbell_ring_to_live_view_seconds", {{"protocol", protocol}})),
        bytes(metrics.counter("stream_bytes_sent_total", {{"protocol", protocol}})) {}
  telemetry::Histogram latency;
  telemetry::Histogram ring_to_view;
  telemetry::Counter bytes;
};

// Who joins later did not come because of the ring.
inline bool is_answer(std::optional<MonotonicTime> rung, MonotonicTime joined) {
  return rung && joined >= *rung && joined - *rung <= std::chrono::seconds{60};
}

}  // namespace porchlight::live
