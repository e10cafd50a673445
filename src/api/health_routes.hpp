// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "api/guard.hpp"
#include "porchlight/telemetry/health.hpp"

namespace porchlight::api {

// The probes. Their bodies are a published interface down to the byte.
void add_health_routes(Guard& guard, telemetry::Health& health);

std::string live_body(const telemetry::Health& health);
std::string ready_body(const telemetry::Health& health);
std::string startup_body(telemetry::Health& health);
std::string health_body(const telemetry::Health& health);

}  // namespace porchlight::api
