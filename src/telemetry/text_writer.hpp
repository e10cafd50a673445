// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <prometheus/client_metric.h>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "porchlight/telemetry/metrics.hpp"
#include "telemetry/catalogue.hpp"
#include "telemetry/exemplars.hpp"

namespace porchlight::telemetry {

// Writes the lines of a scrape. Families come in their order, each followed by its series in theirs.
class TextWriter {
 public:
  TextWriter(Format format, std::size_t expected_bytes);

  // HELP and TYPE.
  void family(const FamilySpec& spec);
  // The lines of one series, whose labels are sorted. A gauge that is not a number is left out.
  // `exemplars`: of a histogram's buckets, or null.
  void series(const FamilySpec& spec, const prometheus::ClientMetric& metric, const Exemplars* exemplars);
  Exposition finish() &&;

 private:
  void sample(std::string_view name, std::string_view suffix, double number);
  void histogram(std::string_view name, const prometheus::ClientMetric& metric, const Exemplars* exemplars);
  void bucket(std::string_view name, double bound, double count, const std::optional<Exemplar>& exemplar);
  void value(double number);
  void end_line();

  const Format format_;
  Exposition made_;
  std::string labels_;  // of the series being written: made once for all its lines
};

}  // namespace porchlight::telemetry
