// SPDX-License-Identifier: Apache-2.0
#include "http/instruments.hpp"

namespace porchlight::http {
namespace {
const std::string unmatched = "unmatched";
}

Instruments::Instruments(telemetry::Metrics& metrics, const Router& router, Routes which)
    : in_flight(metrics.gauge("http_requests_in_flight")),
      slow_readers(metrics.counter("http_slow_readers_dropped_total")),
      metrics_(metrics),
      active_connections_(metrics.gauge("active_connections")),
      active_connections_total_(metrics.gauge("active_connections_total")),
      websockets_(metrics.gauge("websocket_connections")),
      websockets_total_(metrics.counter("websocket_connections_total")) {
  for (std::size_t i = 0; i < rejection_words.size(); ++i)
    rejections_[i] =
        metrics.counter("http_request_rejections_total", {{"reason", std::string(rejection_words[i])}});
  for (const auto& route : router.routes()) {
    if (which == Routes::monitoring && !is_monitoring_path(route.path)) continue;
    durations(route.method, route.path);
    for (const int status : route.statuses) requests(route.method, route.path, status);
  }
  requests(Method::get, unmatched, 404);
}

void Instruments::connections(std::size_t open) {
  const double more = static_cast<double>(open) - open_;
  open_ += more;
  active_connections_.add(more);
  active_connections_total_.add(more);
}

void Instruments::websocket_opened() {
  websockets_.add(1);
  websockets_total_.increment();
}

void Instruments::websocket_closed() {
  websockets_.add(-1);
}

void Instruments::completed(Method method, const Route* route, int status, std::chrono::nanoseconds took,
                            const telemetry::TraceBytes& trace) {
  const std::string& endpoint = route == nullptr ? unmatched : route->path;
  durations(method, endpoint).observe(std::chrono::duration<double>(took).count(), trace);
  requests(method, endpoint, status).increment();  // last: who waits for it finds the rest
}

telemetry::Counter& Instruments::requests(Method method, const std::string& endpoint, int status) {
  const auto [place, added] = requests_.try_emplace({method, endpoint, status});
  if (added) {
    place->second = metrics_.counter("http_requests_total", {{"method", std::string(to_string(method))},
                                                             {"endpoint", endpoint},
                                                             {"status", std::to_string(status)}});
  }
  return place->second;
}

telemetry::Histogram& Instruments::durations(Method method, const std::string& endpoint) {
  const auto [place, added] = durations_.try_emplace({method, endpoint});
  if (added) {
    place->second = metrics_.histogram("http_request_duration_seconds",
                                       {{"method", std::string(to_string(method))}, {"endpoint", endpoint}});
  }
  return place->second;
}

}  // namespace porchlight::http
