// SPDX-License-Identifier: Apache-2.0
// For the bench, which holds our serializer against the library's own over the same families.
#pragma once

#include <prometheus/registry.h>

#include "porchlight/telemetry/metrics.hpp"

namespace porchlight::telemetry {

const prometheus::Registry& registry_of(const Metrics& metrics) noexcept;

}  // namespace porchlight::telemetry
