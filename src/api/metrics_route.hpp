// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "api/guard.hpp"
#include "porchlight/base/clock.hpp"
#include "porchlight/telemetry/metrics.hpp"

namespace porchlight::api {

// Of one address that is not this machine, in a minute; then 429.
inline constexpr std::uint32_t scrapes_a_minute = 600;

// GET /metrics: text exposition 0.0.4 or OpenMetrics 1.0, as Accept says (406: neither), packed when the
// scraper takes gzip. `metrics` and `clock` outlive the route.
void add_metrics_route(Guard& guard, telemetry::Metrics& metrics, const Clock& clock);

}  // namespace porchlight::api
