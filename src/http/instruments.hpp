// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <tuple>

#include "porchlight/http/rejection.hpp"
#include "porchlight/http/router.hpp"
#include "porchlight/telemetry/metrics.hpp"

namespace porchlight::http {

// A listener thread's numbers. Everything that its routes declare is resolved at construction; an
// undeclared combination is looked up once, when it first happens. That thread only; the series are
// everybody's.
class Instruments {
 public:
  enum class Routes : std::uint8_t { all, monitoring };  // which of them the thread answers
  Instruments(telemetry::Metrics& metrics, const Router& router, Routes which);

  // `route` is null for what no route took (`unmatched`).
  void completed(Method method, const Route* route, int status, std::chrono::nanoseconds took,
                 const telemetry::TraceBytes& trace);

  void rejected(Rejection reason) { rejections_[static_cast<std::size_t>(reason)].increment(); }
  void connections(std::size_t open);  // of this thread; the gauges show those of all
  void websocket_opened();
  void websocket_closed();

  telemetry::Gauge in_flight;
  telemetry::Counter slow_readers;  // streams dropped because their client did not read

 private:
  telemetry::Counter& requests(Method method, const std::string& endpoint, int status);
  telemetry::Histogram& durations(Method method, const std::string& endpoint);

  telemetry::Metrics& metrics_;
  double open_ = 0;  // connections, as last told
  telemetry::Gauge active_connections_;
  telemetry::Gauge active_connections_total_;  // the same number under its other name
  telemetry::Gauge websockets_;
  telemetry::Counter websockets_total_;
  std::array<telemetry::Counter, rejection_words.size()> rejections_;
  std::map<std::tuple<Method, std::string, int>, telemetry::Counter> requests_;
  std::map<std::pair<Method, std::string>, telemetry::Histogram> durations_;
};

}  // namespace porchlight::http
