// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <map>
#include <string>
#include <tuple>

#include "porchlight/http/router.hpp"
#include "porchlight/telemetry/metrics.hpp"

namespace porchlight::http {

// The listener's numbers. Everything that routes declare is resolved at construction; an
// undeclared combination is looked up once, when it first happens. Listener's thread only.
class Instruments {
 public:
  Instruments(telemetry::Metrics& metrics, const Router& router);

  // `route` is null for what no route took (`unmatched`).
  void completed(Method method, const Route* route, int status, std::chrono::nanoseconds took);

  telemetry::Gauge active_connections;
  telemetry::Gauge in_flight;

 private:
  telemetry::Counter& requests(Method method, const std::string& endpoint, int status);
  telemetry::Histogram& durations(Method method, const std::string& endpoint);

  telemetry::Metrics& metrics_;
  std::map<std::tuple<Method, std::string, int>, telemetry::Counter> requests_;
  std::map<std::pair<Method, std::string>, telemetry::Histogram> durations_;
};

}  // namespace porchlight::http
