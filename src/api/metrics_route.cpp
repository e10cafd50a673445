// SPDX-License-Identifier: Apache-2.0
#include "api/metrics_route.hpp"

#include <chrono>
#include <memory>
#include <string_view>

#include "api/paths.hpp"
#include "porchlight/http/compression.hpp"

namespace porchlight::api {
namespace {

// Sample lines: every line that is no comment.
double count_series(std::string_view text) {
  std::size_t lines = 0;
  while (!text.empty()) {
    const auto line = text.substr(0, text.find('\n'));
    if (!line.empty() && line.front() != '#') ++lines;
    text.remove_prefix(std::min(text.size(), line.size() + 1));
  }
  return static_cast<double>(lines);
}

class Scrape {
 public:
  explicit Scrape(telemetry::Metrics& metrics)
      : metrics_(metrics),
        done_(metrics.counter("metrics_scrapes_total", {{"code", "200"}})),
        duration_(metrics.histogram("metrics_scrape_duration_seconds")),
        series_(metrics.gauge("metrics_exposed_series")),
        bytes_(metrics.gauge("metrics_exposed_bytes")) {}

  // A scrape shows the numbers of those before it, its own come after the text is made.
  http::Response answer(const http::Request& request) {
    const auto begun = std::chrono::steady_clock::now();
    http::Response response{.status = 200,
                            .headers = {{"Content-Type", "text/plain; version=0.0.4; charset=utf-8"},
                                        {"Vary", "Accept-Encoding"}},
                            .body = metrics_.exposition()};
    const auto series = count_series(response.body);
    const auto bytes = static_cast<double>(response.body.size());
    if (http::accepts_gzip(request.header("accept-encoding"))) {
      response.body = http::gzip(response.body);
      response.headers.emplace_back("Content-Encoding", "gzip");
    }
    duration_.observe(std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count());
    series_.set(series);
    bytes_.set(bytes);
    done_.increment();
    return response;
  }

 private:
  telemetry::Metrics& metrics_;
  telemetry::Counter done_;
  telemetry::Histogram duration_;
  telemetry::Gauge series_;
  telemetry::Gauge bytes_;
};

}  // namespace

void add_metrics_route(Guard& guard, telemetry::Metrics& metrics) {
  guard.add({.method = http::Method::get,
             .path = paths::metrics,
             .handler = [scrape = std::make_shared<Scrape>(metrics)](
                            const http::Request& request,
                            const http::Responder& responder) { responder.send(scrape->answer(request)); }},
            Access::monitoring());
}

}  // namespace porchlight::api
