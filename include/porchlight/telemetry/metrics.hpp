// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "porchlight/base/result.hpp"

namespace prometheus {
class Counter;
class Gauge;
class Histogram;
class Registry;
}  // namespace prometheus

namespace porchlight::telemetry {

using Labels = std::map<std::string, std::string>;

// Handles: a pointer to the library's child, resolved once at construction of a room; hot paths
// touch nothing else. Any thread. Live as long as Metrics, or until remove() of their series.
class Counter {
 public:
  Counter() = default;
  explicit Counter(prometheus::Counter* child) : child_(child) {}
  void increment(double by = 1) noexcept;
  double value() const noexcept;

 private:
  prometheus::Counter* child_ = nullptr;
};

class Gauge {
 public:
  Gauge() = default;
  explicit Gauge(prometheus::Gauge* child) : child_(child) {}
  void set(double value) noexcept;
  void add(double by) noexcept;
  // The value has no meaning any more: the series is absent until the next set().
  void clear() noexcept;
  double value() const noexcept;

 private:
  prometheus::Gauge* child_ = nullptr;
};

class Exemplars;

// A trace id of 128 bits; all zero is none.
using TraceBytes = std::array<std::uint8_t, 16>;

class Histogram {
 public:
  Histogram() = default;
  explicit Histogram(prometheus::Histogram* child, Exemplars* exemplars = nullptr)
      : child_(child), exemplars_(exemplars) {}
  void observe(double value) noexcept;
  // The trace that it happened in is shown beside its bucket by OpenMetrics, in the families whose
  // catalogue row says so, until the next one falls into that bucket.
  void observe(double value, const TraceBytes& trace) noexcept;

 private:
  prometheus::Histogram* child_ = nullptr;
  Exemplars* exemplars_ = nullptr;
};

// One route of the web server with the status codes it answers; its series exist from the start.
struct Route {
  std::string method;
  std::string endpoint;  // the template
  std::vector<int> statuses;
};

// The values of labels that are closed by configuration (camera ids, worker ids, channel types,
// routes); everything else is closed in the catalogue.
struct ClosedSets {
  std::vector<std::string> camera_ids;
  std::vector<std::string> channel_types;  // of configured channels
  std::vector<std::string> endpoints;      // route templates; `unmatched` is always one
  std::vector<std::string> model_versions;
  std::vector<std::pair<std::string, std::string>> workers;  // worker_id, worker_type
  std::vector<std::string> button_ids;
  std::vector<std::string> output_ids;
  std::vector<std::string> devices;  // block devices that the daemon itself reads and writes
  std::vector<Route> routes;         // their templates need not be in `endpoints` too
};

// One value of a family that a timer reads from the machine.
struct Sample {
  std::string_view name;  // the catalogue's
  Labels labels;
  double value = 0;
};
using Samples = std::vector<Sample>;

// What Metrics does with a name, a label or a value that the catalogue does not know.
enum class OnUnknown { abort, fold };
#ifdef NDEBUG
inline constexpr OnUnknown on_unknown_default = OnUnknown::fold;
#else
inline constexpr OnUnknown on_unknown_default = OnUnknown::abort;
#endif

// The formats of a scrape: the text format 0.0.4 of the Prometheus project ("Exposition formats"), and
// OpenMetrics 1.0.
enum class Format { classic, openmetrics };

struct Exposition {
  std::string text;
  std::size_t samples = 0;  // lines that are no comments
};

// prometheus-cpp's registry, filled from the catalogue (catalogue.hpp): the one table that the
// contract test and docs/metrics.md are held against. Families exist from construction; counters and
// histograms whose label values are known are pre-created with 0; a gauge has no series until its
// handle is taken, and some (the catalogue's `when_set`) not until their first value. Asking for a
// name, a label or a value that the catalogue does not know is a bug and aborts in debug builds; in
// release the value is folded into `other` and counted in metrics_label_overflow_total (an unknown
// name gives a handle that does nothing).
class Metrics {
 public:
  explicit Metrics(const ClosedSets& sets, OnUnknown on_unknown = on_unknown_default);
  ~Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  // Set-up only: takes the family's lock and walks its map.
  Counter counter(std::string_view name, const Labels& labels = {});
  Gauge gauge(std::string_view name, const Labels& labels = {});
  Histogram histogram(std::string_view name, const Labels& labels = {});
  // Makes a gauge's series absent, as Gauge::clear(); handles stay good.
  void remove_gauge(std::string_view name, const Labels& labels);

  // Whether the catalogue and the closed sets have this series, so that asking for its handle is no fault.
  bool knows(std::string_view name, const Labels& labels) const;

  // What the series of a counter or of a gauge are together, but for gauges that are absent; `which`: of
  // these alone. For a timer: takes the family's lock and walks its map.
  struct Sum {
    double value = 0;
    std::size_t series = 0;
  };
  Sum sum(std::string_view name, const std::function<bool(const Labels&)>& which = {}) const;

  // All series of the families that are `sampled`, as of one moment: they take the place of those of the
  // last call, and what is not among them is absent from now on. A sample of a camera that is not in the
  // closed sets (any more) is left out. Any thread.
  void publish(Samples samples);

  // New cameras, channels or workers after a reload: pre-creates what is new, keeps what is there.
  void extend(const ClosedSets& sets);
  // Removes every series with this label value, for instance ("camera_id", "front"). Their handles
  // are dead afterwards: stop the worker that holds them first.
  void forget(std::string_view label, std::string_view value);

  // Everything, sorted by name and labels, `process_*` and `build_info` included. OpenMetrics leaves out
  // `active_connections_total` and `camera_frames_dropped`, whose twins have the names, and shows exemplars.
  // Any thread; takes no lock that a hot path takes but the histograms' own.
  Exposition scrape(Format format);
  // The classic text of a scrape.
  std::string exposition();

 private:
  friend const prometheus::Registry& registry_of(const Metrics& metrics) noexcept;  // the bench's
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace porchlight::telemetry
