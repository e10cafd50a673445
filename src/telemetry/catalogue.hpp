// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string_view>

namespace porchlight::telemetry {

// The metrics catalogue: one table, which Metrics builds the families from and against which
// docs/metrics.md and the contract test are held.

enum class Kind { counter, gauge, histogram };

// Where the values of a label come from when the catalogue cannot list them.
enum class ByConfiguration {
  no,
  camera_id,
  channel,
  endpoint,
  model_version,
  worker_id,
  button_id,
  output_id,
  build,
  device,
  machine  // what the machine has: a few names that the sampler finds
};

struct LabelSpec {
  std::string_view name;
  std::span<const std::string_view> values;
  ByConfiguration source = ByConfiguration::no;
};

// Which series are there from the first scrape. increase() and rate() ignore a series' first sample,
// so a counter that appears with its first event never raises an alert.
enum class Created {
  when_used,         // with 0, when its owner takes the handle
  when_set,          // a gauge that has no series until its first value
  all_combinations,  // every combination of its labels' values
  error_table,       // the rows of error_table()
  routes,            // what each route declares
  sampled,           // read from the machine by a timer, shown by Metrics::publish()
  at_scrape          // computed in exposition()
};

struct FamilySpec {
  std::string_view name;
  Kind kind;
  std::string_view help;
  std::span<const LabelSpec> labels;
  std::span<const double> buckets;
  Created created;
  bool exemplars = false;  // a histogram that keeps the last trace of each bucket
};

// Sorted by name.
std::span<const FamilySpec> catalogue() noexcept;
const FamilySpec* find_family(std::string_view name) noexcept;

// The error types each component reports; errors_total has them for every severity from the start.
struct ErrorRow {
  std::string_view component;
  std::span<const std::string_view> types;
};
std::span<const ErrorRow> error_table() noexcept;
std::span<const std::string_view> severities() noexcept;

std::string_view to_string(Kind kind) noexcept;
std::string_view to_string(ByConfiguration source) noexcept;

}  // namespace porchlight::telemetry
