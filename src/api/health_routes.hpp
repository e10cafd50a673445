// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>

#include "api/guard.hpp"
#include "porchlight/api/port.hpp"
#include "porchlight/telemetry/health.hpp"

namespace porchlight::api {

// The probes. Their bodies are a published interface down to the byte.
void add_health_routes(Guard& guard, telemetry::Health& health);

// GET /health/deep: what the deep checks found, which are run for it unless they ran within the last ten
// seconds. 503: something that the house is for does not work, or it could not be looked at.
using DeepHealthPort = std::function<void(Answer<DeepHealthReport>)>;
void add_deep_health_route(Guard& guard, DeepHealthPort look);

std::string live_body(const telemetry::Health& health);
std::string ready_body(const telemetry::Health& health);
std::string startup_body(telemetry::Health& health);
std::string health_body(const telemetry::Health& health);

}  // namespace porchlight::api
