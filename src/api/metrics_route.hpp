// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "api/guard.hpp"
#include "porchlight/telemetry/metrics.hpp"

namespace porchlight::api {

// GET /metrics: text exposition 0.0.4, packed when the scraper takes gzip.
void add_metrics_route(Guard& guard, telemetry::Metrics& metrics);

}  // namespace porchlight::api
