// SPDX-License-Identifier: Apache-2.0
#include "telemetry/exposition.hpp"

#include <algorithm>
#include <map>

#include "porchlight/telemetry/build.hpp"
#include "telemetry/catalogue.hpp"
#include "telemetry/openmetrics.hpp"
#include "telemetry/process_samples.hpp"
#include "telemetry/text_writer.hpp"

namespace porchlight::telemetry {
namespace {

using prometheus::ClientMetric;
constexpr std::size_t expected_bytes = 384 * 1024;

void append_family(TextWriter& writer, const FamilySpec& spec, std::vector<ClientMetric>& metrics,
                   const Rendering& how) {
  writer.family(spec);
  for (auto& metric : metrics) std::sort(metric.label.begin(), metric.label.end());
  const bool traced = spec.exemplars && how.format == Format::openmetrics && how.exemplars != nullptr;
  for (const auto place : how.order.of(spec, metrics)) {
    const auto& metric = metrics[place];
    const auto exemplars = traced ? how.exemplars->find(spec, metric.label) : nullptr;
    writer.series(spec, metric, exemplars.get());
  }
}

// Counter or gauge, as its family says.
ClientMetric plain(double value, const Labels& labels) {
  ClientMetric metric;
  for (const auto& [name, text] : labels) metric.label.push_back({name, text});
  metric.counter.value = value;
  metric.gauge.value = value;
  return metric;
}

ClientMetric build_info() {
  ClientMetric metric;
  metric.label = {{"version", std::string(build_version())},
                  {"revision", std::string(build_revision())},
                  {"compiler", std::string(build_compiler())},
                  {"arch", std::string(build_arch())}};
  metric.gauge.value = 1;
  return metric;
}

}  // namespace

Exposition render(std::vector<prometheus::MetricFamily> collected, const Samples& samples,
                  const Rendering& how) {
  std::map<std::string, std::vector<ClientMetric>, std::less<>> metrics;
  for (auto& family : collected) metrics[family.name] = std::move(family.metric);
  metrics["build_info"].push_back(build_info());
  for (const auto& [name, value] : process_samples()) metrics[std::string(name)].push_back(plain(value, {}));
  for (const auto& sample : samples)
    metrics[std::string(sample.name)].push_back(plain(sample.value, sample.labels));
  TextWriter writer(how.format, expected_bytes);
  for (const auto& spec : catalogue()) {
    if (how.format == Format::openmetrics && openmetrics::is_left_out(spec)) continue;
    append_family(writer, spec, metrics[std::string(spec.name)], how);
  }
  return std::move(writer).finish();
}

std::string render_text(std::vector<prometheus::MetricFamily> collected, const Samples& samples) {
  SeriesOrder order;
  return render(std::move(collected), samples, {.format = Format::classic, .order = order}).text;
}

}  // namespace porchlight::telemetry
