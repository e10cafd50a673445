// SPDX-License-Identifier: Apache-2.0
#include "telemetry/text_writer.hpp"

#include <charconv>
#include <cmath>
#include <utility>

#include "telemetry/openmetrics.hpp"

namespace porchlight::telemetry {
namespace {

using prometheus::ClientMetric;

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

// OpenMetrics shows that a bound is no integer: 1.0, where the classic format has 1.
void append_bound(std::string& out, double bound, Format format) {
  const auto begin = out.size();
  append_number(out, bound);
  if (format == Format::openmetrics && std::isfinite(bound) &&
      out.find_first_of(".e", begin) == std::string::npos)
    out += ".0";
}

void append_exemplar(std::string& out, const Exemplar& exemplar) {
  constexpr char digits[] = "0123456789abcdef";
  out += " # {trace_id=\"";
  for (const auto byte : exemplar.trace) {
    out += digits[byte >> 4];
    out += digits[byte & 15];
  }
  out += "\"} ";
  append_number(out, exemplar.value);
  out += ' ';
  append_number(out, exemplar.at_unix);
}

}  // namespace

TextWriter::TextWriter(Format format, std::size_t expected_bytes) : format_(format) {
  made_.text.reserve(expected_bytes);
}

void TextWriter::family(const FamilySpec& spec) {
  const bool open = format_ == Format::openmetrics;
  const auto name = open ? openmetrics::family_name(spec) : spec.name;
  auto& out = made_.text;
  out.append("# HELP ").append(name) += ' ';
  append_escaped(out, spec.help, open);
  out.append("\n# TYPE ").append(name) += ' ';
  out.append(open ? openmetrics::type_name(spec) : to_string(spec.kind)) += '\n';
}

void TextWriter::series(const FamilySpec& spec, const ClientMetric& metric, const Exemplars* exemplars) {
  labels_.clear();
  for (const auto& label : metric.label) {
    if (!labels_.empty()) labels_ += ',';
    labels_.append(label.name).append("=\"");
    append_escaped(labels_, label.value, true);
    labels_ += '"';
  }
  switch (spec.kind) {
    case Kind::counter:
      sample(spec.name, "", metric.counter.value);
      break;
    case Kind::gauge:
      if (!std::isnan(metric.gauge.value)) sample(spec.name, "", metric.gauge.value);
      break;
    case Kind::histogram:
      histogram(spec.name, metric, exemplars);
      break;
  }
}

Exposition TextWriter::finish() && {
  if (format_ == Format::openmetrics) made_.text += "# EOF\n";
  return std::move(made_);
}

void TextWriter::histogram(std::string_view name, const ClientMetric& metric, const Exemplars* exemplars) {
  const auto& buckets = metric.histogram.bucket;
  for (std::size_t i = 0; i < buckets.size(); ++i)
    bucket(name, buckets[i].upper_bound, static_cast<double>(buckets[i].cumulative_count),
           exemplars == nullptr ? std::nullopt : exemplars->of(i));
  sample(name, "_sum", metric.histogram.sample_sum);
  sample(name, "_count", static_cast<double>(metric.histogram.sample_count));
}

// `le` comes last, as every writer of these formats puts it.
void TextWriter::bucket(std::string_view name, double bound, double count,
                        const std::optional<Exemplar>& exemplar) {
  auto& out = made_.text;
  out.append(name).append("_bucket{").append(labels_);
  out.append(labels_.empty() ? "le=\"" : ",le=\"");
  append_bound(out, bound, format_);
  out += "\"}";
  value(count);
  if (exemplar) append_exemplar(out, *exemplar);
  end_line();
}

void TextWriter::sample(std::string_view name, std::string_view suffix, double number) {
  auto& out = made_.text;
  out.append(name).append(suffix);
  if (!labels_.empty()) {
    out += '{';
    out.append(labels_) += '}';
  }
  value(number);
  end_line();
}

void TextWriter::value(double number) {
  made_.text += ' ';
  append_number(made_.text, number);
}

void TextWriter::end_line() {
  made_.text += '\n';
  ++made_.samples;
}

}  // namespace porchlight::telemetry
