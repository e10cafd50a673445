// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <prometheus/metric_family.h>

#include <string>
#include <vector>

#include "porchlight/telemetry/metrics.hpp"

namespace porchlight::telemetry {

// The text format 0.0.4 of the Prometheus project ("Exposition formats"): every family of the
// catalogue with HELP and TYPE, its samples sorted by labels. Gauges that are not a number are left
// out. Families the catalogue does not know are left out too: they cannot exist.
// `samples`: of the families that the registry does not hold.
std::string render_text(std::vector<prometheus::MetricFamily> collected, const Samples& samples = {});

}  // namespace porchlight::telemetry
