// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "api/guard.hpp"
#include "porchlight/api/library.hpp"
#include "porchlight/api/people.hpp"
#include "porchlight/telemetry/health.hpp"
#include "porchlight/telemetry/metrics.hpp"

namespace porchlight::api {

// What routes() serves, while the permissions can still be read.
Guard route_table(Port port, telemetry::Metrics& metrics, telemetry::Health& health, Accounts& accounts,
                  Library& library, People& people);

}  // namespace porchlight::api
