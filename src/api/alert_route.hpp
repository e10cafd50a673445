// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "api/guard.hpp"
#include "api/library_state.hpp"
#include "porchlight/api/port.hpp"
#include "porchlight/telemetry/metrics.hpp"

namespace porchlight::api {

// POST alerts/webhook: what Alertmanager tells.
void add_alert_route(Guard& guard, Library::State& library, const Port& port, telemetry::Metrics& metrics);

}  // namespace porchlight::api
