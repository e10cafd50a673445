// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <prometheus/client_metric.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

#include "porchlight/telemetry/metrics.hpp"
#include "telemetry/catalogue.hpp"

namespace porchlight::telemetry {

struct Exemplar {
  TraceBytes trace{};
  double value = 0;    // in the histogram's unit
  double at_unix = 0;  // seconds
};

// The last trace that fell into each bucket of one histogram. Any thread, no locks: a slot has a turn that is
// odd while somebody writes. Who finds it odd keeps nothing (the other's trace is as good), and a reader
// believes what it read when the turn was even and the same before and after.
class Exemplars {
 public:
  explicit Exemplars(std::span<const double> bounds);  // the catalogue's, which live for ever

  // An all-zero trace is none.
  void keep(double value, const TraceBytes& trace) noexcept;
  // Of a bucket, the last one being +Inf. Nothing when it has none, or it is written again and again now.
  std::optional<Exemplar> of(std::size_t bucket) const noexcept;

 private:
  struct Slot {
    std::atomic<std::uint32_t> turn{0};  // 0: never written
    std::atomic<std::uint64_t> first{0}, second{0};
    std::atomic<double> value{0};
    std::atomic<std::int64_t> at_ms{0};
  };

  const std::span<const double> bounds_;
  std::vector<Slot> slots_;
};

// Which histogram has which. Any thread; observing takes no lock of it.
class ExemplarIndex {
 public:
  using LabelList = std::vector<prometheus::ClientMetric::Label>;

  // Good until forget().
  Exemplars& add(const FamilySpec& family, const Labels& labels);
  void forget(const FamilySpec& family, const Labels& labels);
  // Null when the series keeps none. `labels` are sorted.
  std::shared_ptr<const Exemplars> find(const FamilySpec& family, const LabelList& labels) const;

 private:
  mutable std::mutex mutex_;
  std::map<const FamilySpec*, std::map<LabelList, std::shared_ptr<Exemplars>>> all_;
};

}  // namespace porchlight::telemetry
