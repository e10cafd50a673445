// SPDX-License-Identifier: Apache-2.0
// What numbers and records cost whoever makes them, and what a scrape costs beside prometheus-cpp's own
// serializer over the same registry.
#include <fcntl.h>
#include <prometheus/text_serializer.h>
#include <time.h>

#include <atomic>
#include <string>
#include <thread>

#include "bench/bench.hpp"
#include "porchlight/base/unique_fd.hpp"
#include "porchlight/http/compression.hpp"
#include "porchlight/telemetry/log.hpp"
#include "porchlight/telemetry/metrics.hpp"
#include "telemetry/registry_of.hpp"

namespace porchlight::bench {
namespace {

using telemetry::Format;
using telemetry::Metrics;

constexpr int calls = 2'000'000;
constexpr int runs = 21;
constexpr int pairs = 5;
constexpr int scrapes = 40;        // of each side in a pair
constexpr int routes = 67;         // the daemon's
constexpr int records = 1000;      // fewer than the log's queue holds
constexpr double observed = 0.03;  // seconds: in the midst of the buckets

telemetry::ClosedSets four_cameras() {
  telemetry::ClosedSets sets;
  sets.camera_ids = {"door", "garden", "garage", "lane"};
  sets.channel_types = {"telegram", "email", "webhook", "mqtt"};
  sets.model_versions = {"rfb-320", "landmark-68", "resnet-1"};
  sets.button_ids = {"front"};
  sets.output_ids = {"chime"};
  sets.devices = {"mmcblk0p2"};
  for (int i = 0; i < routes; ++i)
    sets.routes.push_back({"GET", "/api/v1/things" + std::to_string(i) + "/{id}", {200, 400, 401, 403, 503}});
  return sets;
}

// Numbers as a daemon has them after a while: not all zero, not all round.
void fill(Metrics& metrics, const telemetry::ClosedSets& sets) {
  int n = 0;
  for (const auto& route : sets.routes) {
    const telemetry::Labels labels = {{"method", route.method}, {"endpoint", route.endpoint}};
    auto durations = metrics.histogram("http_request_duration_seconds", labels);
    for (int i = 0; i < 50; ++i) durations.observe(0.0007 * ++n);
    auto answered = labels;
    answered["status"] = "200";
    metrics.counter("http_requests_total", answered).increment(12'345 + n);
  }
  for (const auto& id : sets.camera_ids) {
    metrics.counter("camera_frames_received_total", {{"camera_id", id}}).increment(1'234'567 + ++n);
    metrics.gauge("camera_last_frame_timestamp", {{"camera_id", id}}).set(1'738'124'411.950 + ++n);
    metrics.gauge("camera_fps", {{"camera_id", id}}).set(14.97);
  }
}

template <class Call>
double nanoseconds_per_call(const char* what, Call call) {
  std::vector<double> samples;
  for (int run = 0; run < runs; ++run) {
    const auto begun = std::chrono::steady_clock::now();
    for (int i = 0; i < calls; ++i) call();
    samples.push_back(Nanoseconds(std::chrono::steady_clock::now() - begun).count() / calls);
  }
  return report(what, "ns", std::move(samples));
}

void handles() {
  const auto sets = four_cameras();
  Metrics metrics(sets);
  auto counter = metrics.counter("camera_frames_received_total", {{"camera_id", "door"}});
  auto bare = metrics.histogram("ml_inference_duration_seconds");
  auto traced = metrics.histogram("pipeline_processing_duration_seconds", {{"stage", "event_processing"}});
  telemetry::TraceBytes trace;
  trace.fill(7);
  std::atomic<std::uint64_t> whole{0};
  std::atomic<double> real{0};
  const auto counted = nanoseconds_per_call("counter through its handle", [&] { counter.increment(); });
  nanoseconds_per_call("bare atomic<uint64_t>::fetch_add",
                       [&] { whole.fetch_add(1, std::memory_order_relaxed); });
  nanoseconds_per_call("bare atomic<double>::fetch_add",
                       [&] { real.fetch_add(1, std::memory_order_relaxed); });
  const auto seen = nanoseconds_per_call("histogram through its handle", [&] { bare.observe(observed); });
  const auto kept =
      nanoseconds_per_call("histogram with a trace", [&] { traced.observe(observed, trace); });
  judge("counter p50", counted, 15, "ns");
  judge("histogram p50", seen, 40, "ns");
  judge("histogram with a trace p50", kept, 40, "ns");
}

double thread_milliseconds() {
  timespec used{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
  return static_cast<double>(used.tv_sec) * 1e3 + static_cast<double>(used.tv_nsec) / 1e6;
}

// Processor time of one scrape, the mean of several.
template <class Scrape>
double milliseconds_per_scrape(Scrape scrape, std::size_t& bytes) {
  const auto begun = thread_milliseconds();
  for (int i = 0; i < scrapes; ++i) bytes = scrape().size();
  return (thread_milliseconds() - begun) / scrapes;
}

// Ours over the library's, pair by pair: the median, and the least and the greatest beside it.
template <class Scrape, class Reference>
void compare(const char* what, double bound, Scrape scrape, Reference reference) {
  std::vector<double> ours, theirs, ratios;
  std::size_t our_bytes = 0, their_bytes = 0;
  for (int pair = 0; pair < pairs; ++pair) {
    theirs.push_back(milliseconds_per_scrape(reference, their_bytes));
    ours.push_back(milliseconds_per_scrape(scrape, our_bytes));
    ratios.push_back(ours.back() / theirs.back());
  }
  const auto [least, greatest] = std::minmax_element(ratios.begin(), ratios.end());
  std::printf("%s: %zu bytes, the library %zu; ratios %.2f to %.2f\n", what, our_bytes, their_bytes, *least,
              *greatest);
  report("  ours", "ms", std::move(ours));
  report("  prometheus::TextSerializer", "ms", std::move(theirs));
  judge("  ratio, median of the pairs", percentile(ratios, 50), bound, "x");
}

void scraping() {
  const auto sets = four_cameras();
  Metrics metrics(sets);
  fill(metrics, sets);
  const auto& registry = telemetry::registry_of(metrics);
  const auto library = [&registry] { return prometheus::TextSerializer().Serialize(registry.Collect()); };
  std::printf("%zu sample lines\n", metrics.scrape(Format::classic).samples);
  compare("classic", 1.3, [&metrics] { return metrics.scrape(Format::classic).text; }, library);
  compare("OpenMetrics", 1.3, [&metrics] { return metrics.scrape(Format::openmetrics).text; }, library);
  compare(
      "classic in gzip", 2,
      [&metrics] { return http::gzip(metrics.scrape(Format::classic).text, http::Packing::quick); }, library);
}

// A record as a handler makes it, on the thread that makes it; the lane writes beside it.
void logging() {
  const UniqueFd nowhere(::open("/dev/null", O_WRONLY | O_CLOEXEC));
  telemetry::LogOptions options;
  options.fd = nowhere.get();
  telemetry::start_logging(options);
  SystemClock clock;
  Heartbeat heartbeat(clock);
  std::vector<double> each;
  {
    const std::jthread lane(
        [&](std::stop_token stop) { telemetry::run_log_lane(std::move(stop), heartbeat); });
    const telemetry::Logger log("doorbell.bench", telemetry::Component::system);
    for (int run = 0; run < runs; ++run) {
      const auto begun = std::chrono::steady_clock::now();
      for (int i = 0; i < records; ++i)
        log.info("request",
                 {{"method", std::string("GET")}, {"status", std::int64_t{200}}, {"duration_ms", 1.25}});
      each.push_back(Nanoseconds(std::chrono::steady_clock::now() - begun).count() / records);
      telemetry::flush_logs();
    }
  }
  telemetry::stop_logging();
  judge("log record on the caller p50", report("log record", "ns", std::move(each)), 2000, "ns");
}

void run() {
  handles();
  scraping();
  logging();
}

}  // namespace
}  // namespace porchlight::bench

int main() {
  porchlight::bench::run();
}
