// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <prometheus/metric_family.h>

#include <string>
#include <vector>

#include "porchlight/telemetry/metrics.hpp"
#include "telemetry/exemplars.hpp"
#include "telemetry/series_order.hpp"

namespace porchlight::telemetry {

// One scrape in either format: every family of the catalogue with HELP and TYPE (but those that
// OpenMetrics cannot hold), its samples sorted by labels. Gauges that are not a number are left out.
// Families the catalogue does not know are left out too: they cannot exist.
// `samples`: of the families that the registry does not hold.
struct Rendering {
  Format format = Format::classic;
  SeriesOrder& order;                        // of the scrape before; of this one afterwards
  const ExemplarIndex* exemplars = nullptr;  // null: none are shown; the classic format has no place for them
};
Exposition render(std::vector<prometheus::MetricFamily> collected, const Samples& samples,
                  const Rendering& how);

// The classic text alone.
std::string render_text(std::vector<prometheus::MetricFamily> collected, const Samples& samples = {});

}  // namespace porchlight::telemetry
