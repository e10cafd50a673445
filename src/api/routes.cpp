// SPDX-License-Identifier: Apache-2.0
#include "porchlight/api/routes.hpp"

#include "api/control_routes.hpp"
#include "api/health_routes.hpp"
#include "api/metrics_route.hpp"
#include "api/paths.hpp"

namespace porchlight::api {

std::vector<std::string> endpoints() {
  return {paths::all.begin(), paths::all.end()};
}

http::Router routes(Port port, telemetry::Metrics& metrics, telemetry::Health& health) {
  http::Router router;
  add_metrics_route(router, metrics);
  add_health_routes(router, health);
  add_control_routes(router, std::move(port));
  return router;
}

}  // namespace porchlight::api
