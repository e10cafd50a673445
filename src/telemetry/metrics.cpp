// SPDX-License-Identifier: Apache-2.0
#include "porchlight/telemetry/metrics.hpp"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <mutex>

#include "telemetry/catalogue.hpp"
#include "telemetry/exemplars.hpp"
#include "telemetry/exposition.hpp"
#include "telemetry/registry_of.hpp"

namespace porchlight::telemetry {
namespace {

// Beyond this many series a family folds what is new into one series of `other`.
constexpr std::size_t most_series_per_family = 1000;

constexpr std::string_view folded = "other";

void append_new(std::vector<std::string>& to, const std::vector<std::string>& from) {
  for (const auto& value : from) {
    if (std::find(to.begin(), to.end(), value) == to.end()) to.push_back(value);
  }
}

std::string shown(const Labels& labels) {
  std::string text;
  for (const auto& [name, value] : labels) text += (text.empty() ? "" : ", ") + name + "=" + value;
  return "{" + text + "}";
}

}  // namespace

struct Metrics::State {
  struct Series {
    prometheus::Counter* counter = nullptr;
    prometheus::Gauge* gauge = nullptr;
    prometheus::Histogram* histogram = nullptr;
    Exemplars* exemplars = nullptr;
  };
  struct Family {
    const FamilySpec* spec = nullptr;
    prometheus::Family<prometheus::Counter>* counters = nullptr;
    prometheus::Family<prometheus::Gauge>* gauges = nullptr;
    prometheus::Family<prometheus::Histogram>* histograms = nullptr;
    std::map<Labels, Series> series;
  };

  explicit State(OnUnknown policy) : on_unknown(policy) {
    for (const auto& spec : catalogue()) {
      if (spec.created != Created::at_scrape && spec.created != Created::sampled)
        families.emplace(spec.name, build(spec));
    }
    overflow = make(families.at("metrics_label_overflow_total"), {}).counter;
  }

  Family build(const FamilySpec& spec) {
    Family family;
    family.spec = &spec;
    const std::string name(spec.name);
    const std::string help(spec.help);
    switch (spec.kind) {
      case Kind::counter:
        family.counters = &prometheus::BuildCounter().Name(name).Help(help).Register(registry);
        break;
      case Kind::gauge:
        family.gauges = &prometheus::BuildGauge().Name(name).Help(help).Register(registry);
        break;
      case Kind::histogram:
        family.histograms = &prometheus::BuildHistogram().Name(name).Help(help).Register(registry);
        break;
    }
    return family;
  }

  Series make(Family& family, const Labels& labels) {
    const auto found = family.series.find(labels);
    if (found != family.series.end()) return found->second;
    Series series;
    if (family.counters != nullptr) series.counter = &family.counters->Add(labels);
    if (family.gauges != nullptr) {
      const bool absent = family.spec->created == Created::when_set;
      series.gauge = &family.gauges->Add(labels, absent ? std::numeric_limits<double>::quiet_NaN() : 0.0);
    }
    if (family.histograms != nullptr) {
      const auto& bounds = family.spec->buckets;
      series.histogram = &family.histograms->Add(labels, std::vector<double>(bounds.begin(), bounds.end()));
    }
    if (family.spec->exemplars) series.exemplars = &exemplars.add(*family.spec, labels);
    family.series.emplace(labels, series);
    return series;
  }

  void drop(Family& family, const Labels& labels, const Series& series) {
    if (series.exemplars != nullptr) exemplars.forget(*family.spec, labels);
    if (series.counter != nullptr) family.counters->Remove(series.counter);
    if (series.gauge != nullptr) family.gauges->Remove(series.gauge);
    if (series.histogram != nullptr) family.histograms->Remove(series.histogram);
  }

  std::vector<std::string> values_of(const LabelSpec& label) const {
    switch (label.source) {
      case ByConfiguration::camera_id:
        return sets.camera_ids;
      case ByConfiguration::channel:
        return sets.channel_types;
      case ByConfiguration::endpoint:
        return sets.endpoints;
      case ByConfiguration::model_version:
        return sets.model_versions;
      case ByConfiguration::button_id:
        return sets.button_ids;
      case ByConfiguration::output_id:
        return sets.output_ids;
      case ByConfiguration::worker_id: {
        std::vector<std::string> ids;
        for (const auto& worker : sets.workers) ids.push_back(worker.first);
        return ids;
      }
      case ByConfiguration::device:
        return sets.devices;
      case ByConfiguration::build:
      case ByConfiguration::machine:
      case ByConfiguration::no:
        break;
    }
    return {label.values.begin(), label.values.end()};
  }

  bool knows(const LabelSpec& label, const std::string& value) const {
    const auto values = values_of(label);
    return std::find(values.begin(), values.end(), value) != values.end();
  }

  bool knows(const FamilySpec& spec, const Labels& labels) const {
    return labels.size() == spec.labels.size() &&
           std::all_of(spec.labels.begin(), spec.labels.end(), [&](const LabelSpec& label) {
             const auto given = labels.find(std::string(label.name));
             return given != labels.end() &&
                    (label.source == ByConfiguration::machine || knows(label, given->second));
           });
  }

  void unknown(std::string_view what, std::string_view name, const Labels& labels) const {
    if (on_unknown == OnUnknown::fold) return;
    std::fprintf(stderr, "metrics: %.*s: %.*s%s is not in the catalogue\n", static_cast<int>(what.size()),
                 what.data(), static_cast<int>(name.size()), name.data(), shown(labels).c_str());
    std::abort();
  }

  // A sample of a camera that a reload has just removed is late, not wrong.
  bool is_late(const FamilySpec& spec, const Labels& labels) const {
    const auto id = labels.find("camera_id");
    return id != labels.end() && labels.size() == spec.labels.size() &&
           std::find(sets.camera_ids.begin(), sets.camera_ids.end(), id->second) == sets.camera_ids.end();
  }

  bool is_shown(const Sample& sample, std::map<std::string_view, std::size_t>& of_family) {
    const auto* spec = find_family(sample.name);
    const bool known = spec != nullptr && spec->created == Created::sampled && knows(*spec, sample.labels);
    if (known && ++of_family[spec->name] <= most_series_per_family) return true;
    if (spec != nullptr && is_late(*spec, sample.labels)) return false;
    if (!known) unknown("sample", sample.name, sample.labels);
    overflow->Increment();
    return false;
  }

  void publish(Samples fresh) {
    const std::lock_guard lock(mutex);
    std::map<std::string_view, std::size_t> of_family;
    std::erase_if(fresh, [&](const Sample& sample) { return !is_shown(sample, of_family); });
    show(std::move(fresh));
  }

  void show(Samples fresh) {
    auto next = std::make_shared<const Samples>(std::move(fresh));
    const std::lock_guard lock(showing);
    samples.swap(next);
  }

  std::shared_ptr<const Samples> shown_samples() {
    const std::lock_guard lock(showing);
    return samples;
  }

  // Whether the component's row of the error table has the type.
  static bool is_declared(const Labels& error) {
    const auto table = error_table();
    return std::any_of(table.begin(), table.end(), [&](const ErrorRow& row) {
      return row.component == error.at("component") &&
             std::find(row.types.begin(), row.types.end(), error.at("error_type")) != row.types.end();
    });
  }

  // Two at once are scrapers who meet on two listeners: the second finds the order for itself, and neither
  // waits for the other.
  Exposition scrape(Format format) {
    SeriesOrder own;
    const std::unique_lock lock(ordering, std::try_to_lock);
    return render(registry.Collect(), *shown_samples(),
                  {.format = format, .order = lock ? order : own, .exemplars = &exemplars});
  }

  // The labels as the catalogue wants them: exactly its names, each value from its set or `other`.
  Labels checked(const Family& family, const Labels& labels) {
    Labels result;
    for (const auto& label : family.spec->labels) {
      const auto given = labels.find(std::string(label.name));
      const bool known = given != labels.end() && knows(label, given->second);
      if (!known) {
        unknown(label.name, family.spec->name, labels);
        overflow->Increment();
      }
      result.emplace(label.name, known ? given->second : std::string(folded));
    }
    if (family.spec->created == Created::error_table && !is_declared(result)) {
      unknown("error row", family.spec->name, labels);
      overflow->Increment();
    }
    if (labels.size() != family.spec->labels.size()) unknown("label names", family.spec->name, labels);
    if (family.series.size() >= most_series_per_family && family.series.count(result) == 0) {
      for (auto& [name, value] : result) value = folded;
      overflow->Increment();
    }
    return result;
  }

  Series series(std::string_view name, const Labels& labels, Kind kind) {
    const std::lock_guard lock(mutex);
    const auto found = families.find(name);
    if (found == families.end() || found->second.spec->kind != kind) {
      unknown(to_string(kind), name, labels);
      overflow->Increment();
      return {};
    }
    return make(found->second, checked(found->second, labels));
  }

  // Only what is there by its own name: one that found no room shares `other` with those that remain.
  void remove_gauge(std::string_view name, const Labels& labels) {
    const std::lock_guard lock(mutex);
    const auto family = families.find(name);
    if (family == families.end() || family->second.spec->kind != Kind::gauge)
      return unknown("gauge", name, labels);
    const auto own = family->second.series.find(labels);
    if (own != family->second.series.end()) return Gauge(own->second.gauge).clear();
    if (!knows(*family->second.spec, labels) && !is_late(*family->second.spec, labels))
      unknown("gauge", name, labels);
  }

  static double value_of(const Series& series) {
    return series.counter != nullptr ? series.counter->Value() : series.gauge->Value();
  }

  Sum sum(std::string_view name, const std::function<bool(const Labels&)>& which) {
    const std::lock_guard lock(mutex);
    const auto found = families.find(name);
    if (found == families.end() || found->second.spec->kind == Kind::histogram) {
      unknown("sum", name, {});
      return {};
    }
    Sum all;
    for (const auto& [labels, series] : found->second.series) {
      const double value = value_of(series);
      if (std::isnan(value) || (which && !which(labels))) continue;
      all.value += value;
      ++all.series;
    }
    return all;
  }

  void create_all(Family& family, std::size_t depth, Labels& labels) {
    if (depth == family.spec->labels.size()) return void(make(family, labels));
    const auto& label = family.spec->labels[depth];
    for (const auto& value : values_of(label)) {
      labels[std::string(label.name)] = value;
      create_all(family, depth + 1, labels);
    }
  }

  void create_errors(Family& family) {
    for (const auto& row : error_table()) {
      for (const auto type : row.types) {
        for (const auto severity : severities()) {
          make(family, {{"component", std::string(row.component)},
                        {"error_type", std::string(type)},
                        {"severity", std::string(severity)}});
        }
      }
    }
  }

  void create_routes(Family& family) {
    const bool by_status = family.spec->labels.size() == 3;
    for (const auto& route : sets.routes) {
      const Labels labels = {{"method", route.method}, {"endpoint", route.endpoint}};
      if (!by_status) make(family, checked(family, labels));
      for (const int status : route.statuses) {
        auto with_status = labels;
        with_status["status"] = std::to_string(status);
        if (by_status) make(family, checked(family, with_status));
      }
    }
  }

  void create_known() {
    for (auto& [name, family] : families) {
      Labels labels;
      if (family.spec->created == Created::all_combinations) create_all(family, 0, labels);
      if (family.spec->created == Created::error_table) create_errors(family);
      if (family.spec->created == Created::routes) create_routes(family);
    }
  }

  void extend(const ClosedSets& more) {
    const std::lock_guard lock(mutex);
    append_new(sets.camera_ids, more.camera_ids);
    append_new(sets.channel_types, more.channel_types);
    append_new(sets.endpoints, {"unmatched"});
    append_new(sets.endpoints, more.endpoints);
    append_new(sets.model_versions, more.model_versions);
    append_new(sets.button_ids, more.button_ids);
    append_new(sets.devices, more.devices);
    append_new(sets.output_ids, more.output_ids);
    sets.workers.insert(sets.workers.end(), more.workers.begin(), more.workers.end());
    for (const auto& route : more.routes) append_new(sets.endpoints, {route.endpoint});
    sets.routes.insert(sets.routes.end(), more.routes.begin(), more.routes.end());
    create_known();
  }

  void forget(std::string_view label, std::string_view value) {
    const std::lock_guard lock(mutex);
    for (auto& [name, family] : families) {
      std::erase_if(family.series, [&](const auto& entry) {
        const auto found = entry.first.find(std::string(label));
        const bool match = found != entry.first.end() && found->second == value;
        if (match) drop(family, entry.first, entry.second);
        return match;
      });
    }
    auto kept = *shown_samples();
    std::erase_if(kept, [&](const Sample& sample) {
      const auto found = sample.labels.find(std::string(label));
      return found != sample.labels.end() && found->second == value;
    });
    show(std::move(kept));
    // What is gone must not come back with the next extend().
    if (label == "camera_id") std::erase(sets.camera_ids, value);
    if (label == "channel") std::erase(sets.channel_types, value);
    if (label == "model_version") std::erase(sets.model_versions, value);
    if (label == "button_id") std::erase(sets.button_ids, value);
    if (label == "output_id") std::erase(sets.output_ids, value);
    if (label == "worker_id")
      std::erase_if(sets.workers, [&](const auto& worker) { return worker.first == value; });
  }

  // const after construction
  const OnUnknown on_unknown;
  prometheus::Registry registry;
  prometheus::Counter* overflow = nullptr;
  // any thread, set-up only
  std::mutex mutex;
  std::map<std::string_view, Family> families;  // keys are the catalogue's
  ClosedSets sets;
  // a scrape waits for nothing longer than the copy of a pointer
  std::mutex showing;
  std::shared_ptr<const Samples> samples = std::make_shared<const Samples>();
  // any thread
  ExemplarIndex exemplars;
  // never waited for
  std::mutex ordering;
  SeriesOrder order;
};

Metrics::Metrics(const ClosedSets& sets, OnUnknown on_unknown) : state_(std::make_unique<State>(on_unknown)) {
  extend(sets);
}
Metrics::~Metrics() = default;

Counter Metrics::counter(std::string_view name, const Labels& labels) {
  return Counter(state_->series(name, labels, Kind::counter).counter);
}
Gauge Metrics::gauge(std::string_view name, const Labels& labels) {
  return Gauge(state_->series(name, labels, Kind::gauge).gauge);
}
Histogram Metrics::histogram(std::string_view name, const Labels& labels) {
  const auto series = state_->series(name, labels, Kind::histogram);
  return Histogram(series.histogram, series.exemplars);
}

void Metrics::remove_gauge(std::string_view name, const Labels& labels) {
  state_->remove_gauge(name, labels);
}
bool Metrics::knows(std::string_view name, const Labels& labels) const {
  const std::lock_guard lock(state_->mutex);
  const auto* spec = find_family(name);
  return spec != nullptr && state_->knows(*spec, labels);
}
Metrics::Sum Metrics::sum(std::string_view name, const std::function<bool(const Labels&)>& which) const {
  return state_->sum(name, which);
}
void Metrics::publish(Samples samples) {
  state_->publish(std::move(samples));
}
void Metrics::extend(const ClosedSets& sets) {
  state_->extend(sets);
}
void Metrics::forget(std::string_view label, std::string_view value) {
  state_->forget(label, value);
}

Exposition Metrics::scrape(Format format) {
  return state_->scrape(format);
}

const prometheus::Registry& registry_of(const Metrics& metrics) noexcept {
  return metrics.state_->registry;
}

std::string Metrics::exposition() {
  return scrape(Format::classic).text;
}

}  // namespace porchlight::telemetry
