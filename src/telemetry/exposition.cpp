// SPDX-License-Identifier: Apache-2.0
#include "telemetry/exposition.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>

#include "porchlight/telemetry/build.hpp"
#include "telemetry/catalogue.hpp"
#include "telemetry/process_samples.hpp"

namespace porchlight::telemetry {
namespace {

using prometheus::ClientMetric;
using LabelList = std::vector<ClientMetric::Label>;

void append_escaped(std::string& out, std::string_view text, bool quotes) {
  for (const char c : text) {
    if (c == '\\') {
      out += "\\\\";
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '"' && quotes) {
      out += "\\\"";
    } else {
      out += c;
    }
  }
}

void append_number(std::string& out, double value) {
  if (std::isnan(value)) return void(out += "NaN");
  if (std::isinf(value)) return void(out += value > 0 ? "+Inf" : "-Inf");
  // Fixed notation where it is short: bounds must read 0.0005 and not 5e-04, in every writer alike.
  const double size = std::abs(value);
  const auto format =
      size == 0 || (size >= 1e-6 && size < 1e17) ? std::chars_format::fixed : std::chars_format::general;
  char text[64];
  const auto end = std::to_chars(text, text + sizeof text, value, format).ptr;
  out.append(text, end);
}

// `le` comes last, as every writer of this format puts it.
void append_sample(std::string& out, std::string_view name, std::string_view suffix, const LabelList& labels,
                   const double* le, double value) {
  out.append(name).append(suffix);
  if (!labels.empty() || le != nullptr) {
    char before = '{';
    for (const auto& label : labels) {
      out += before;
      out.append(label.name).append("=\"");
      append_escaped(out, label.value, true);
      out += '"';
      before = ',';
    }
    if (le != nullptr) {
      out += before;
      out += "le=\"";
      append_number(out, *le);
      out += '"';
    }
    out += '}';
  }
  out += ' ';
  append_number(out, value);
  out += '\n';
}

void append_histogram(std::string& out, std::string_view name, const ClientMetric& metric) {
  for (const auto& bucket : metric.histogram.bucket) {
    append_sample(out, name, "_bucket", metric.label, &bucket.upper_bound,
                  static_cast<double>(bucket.cumulative_count));
  }
  append_sample(out, name, "_sum", metric.label, nullptr, metric.histogram.sample_sum);
  append_sample(out, name, "_count", metric.label, nullptr,
                static_cast<double>(metric.histogram.sample_count));
}

void append_metric(std::string& out, const FamilySpec& spec, const ClientMetric& metric) {
  switch (spec.kind) {
    case Kind::counter:
      append_sample(out, spec.name, "", metric.label, nullptr, metric.counter.value);
      break;
    case Kind::gauge:
      if (!std::isnan(metric.gauge.value))
        append_sample(out, spec.name, "", metric.label, nullptr, metric.gauge.value);
      break;
    case Kind::histogram:
      append_histogram(out, spec.name, metric);
      break;
  }
}

void append_family(std::string& out, const FamilySpec& spec, std::vector<ClientMetric>& metrics) {
  out.append("# HELP ").append(spec.name) += ' ';
  append_escaped(out, spec.help, false);
  out.append("\n# TYPE ").append(spec.name).append(" ").append(to_string(spec.kind)) += '\n';
  for (auto& metric : metrics) std::sort(metric.label.begin(), metric.label.end());
  std::sort(metrics.begin(), metrics.end(),
            [](const ClientMetric& a, const ClientMetric& b) { return a.label < b.label; });
  for (const auto& metric : metrics) append_metric(out, spec, metric);
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

std::string render_text(std::vector<prometheus::MetricFamily> collected, const Samples& samples) {
  std::map<std::string, std::vector<ClientMetric>, std::less<>> metrics;
  for (auto& family : collected) metrics[family.name] = std::move(family.metric);
  metrics["build_info"].push_back(build_info());
  for (const auto& [name, value] : process_samples()) metrics[std::string(name)].push_back(plain(value, {}));
  for (const auto& sample : samples)
    metrics[std::string(sample.name)].push_back(plain(sample.value, sample.labels));
  std::string out;
  out.reserve(256 * 1024);
  for (const auto& spec : catalogue()) append_family(out, spec, metrics[std::string(spec.name)]);
  return out;
}

}  // namespace porchlight::telemetry
