// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "porchlight/api/accounts.hpp"
#include "porchlight/api/library.hpp"
#include "porchlight/api/people.hpp"
#include "porchlight/api/port.hpp"
#include "porchlight/http/router.hpp"
#include "porchlight/telemetry/health.hpp"
#include "porchlight/telemetry/metrics.hpp"

namespace porchlight::api {

// The route templates, for ClosedSets::endpoints before anything serves.
std::vector<std::string> endpoints();

// Every route of this version, each with its permission. The references outlive the router's server.
http::Router routes(Port port, telemetry::Metrics& metrics, telemetry::Health& health, Accounts& accounts,
                    Library& library, People& people);

}  // namespace porchlight::api
