// SPDX-License-Identifier: Apache-2.0
#include "api/metrics_route.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "api/paths.hpp"
#include "api/peer_trust.hpp"
#include "api/scrape_format.hpp"
#include "api/visit_limit.hpp"
#include "porchlight/http/compression.hpp"
#include "porchlight/http/problem.hpp"

namespace porchlight::api {
namespace {

http::Response not_acceptable(const http::Request& request) {
  auto response = http::problem_response(
      {.status = 406,
       .detail = "there are text/plain; version=0.0.4 and application/openmetrics-text; version=1.0.0"},
      request.trace);
  response.headers.emplace_back("Vary", "Accept");
  return response;
}

http::Response too_often(const http::Request& request) {
  auto response = http::problem_response(
      {.status = 429, .detail = "more scrapes in this minute than anybody needs"}, request.trace);
  response.headers.emplace_back("Retry-After", "60");
  return response;
}

// Of metrics_scrapes_total. Refused for its credentials is refused for its credentials: 403 is booked as 401.
constexpr std::array codes = {200, 401, 406, 429, 500, 503};

// Asked on the threads of both listeners.
class Scrape {
 public:
  Scrape(telemetry::Metrics& metrics, const Clock& clock)
      : metrics_(metrics),
        visits_(clock, scrapes_a_minute),
        duration_(metrics.histogram("metrics_scrape_duration_seconds")),
        series_(metrics.gauge("metrics_exposed_series")),
        bytes_(metrics.gauge("metrics_exposed_bytes")) {
    for (std::size_t i = 0; i < codes.size(); ++i)
      done_[i] = metrics.counter("metrics_scrapes_total", {{"code", std::to_string(codes[i])}});
  }

  void done(int status) {
    const auto* const found = std::find(codes.begin(), codes.end(), status == 403 ? 401 : status);
    if (found != codes.end()) done_[static_cast<std::size_t>(found - codes.begin())].increment();
  }

  // A scrape shows the numbers of those before it, its own come after the text is made.
  http::Response answer(const http::Request& request) {
    if (!may_come(request.peer)) return too_often(request);
    const auto begun = std::chrono::steady_clock::now();
    const auto format = scrape_format(request.header_list("accept").value_or(std::string()));
    if (!format) return not_acceptable(request);
    auto exposition = metrics_.scrape(*format);
    const auto bytes = static_cast<double>(exposition.text.size());
    http::Response response{.status = 200,
                            .headers = {{"Content-Type", std::string(content_type(*format))},
                                        {"Vary", "Accept, Accept-Encoding"}},
                            .body = std::move(exposition.text)};
    if (http::accepts_gzip(request.header("accept-encoding"))) {
      response.body = http::gzip(response.body, http::Packing::quick);
      response.headers.emplace_back("Content-Encoding", "gzip");
    }
    duration_.observe(std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count());
    series_.set(static_cast<double>(exposition.samples));
    bytes_.set(bytes);
    return response;
  }

 private:
  // The machine itself is not counted: who is on it can do worse.
  bool may_come(const http::Peer& peer) {
    if (is_loopback(peer)) return true;
    const std::lock_guard lock(visiting_);
    return visits_.may_come(peer.address);
  }

  telemetry::Metrics& metrics_;
  std::mutex visiting_;
  VisitLimit visits_;  // under the mutex
  std::array<telemetry::Counter, codes.size()> done_;
  telemetry::Histogram duration_;
  telemetry::Gauge series_;
  telemetry::Gauge bytes_;
};

}  // namespace

void add_metrics_route(Guard& guard, telemetry::Metrics& metrics, const Clock& clock) {
  const auto scrape = std::make_shared<Scrape>(metrics, clock);
  guard.add({.method = http::Method::get,
             .path = paths::metrics,
             .handler =
                 [scrape](const http::Request& request, const http::Responder& responder) {
                   responder.send(scrape->answer(request));
                 },
             .statuses = {200, 406, 429},
             .done = [scrape](int status) { scrape->done(status); }},
            Access::monitoring());
}

}  // namespace porchlight::api
