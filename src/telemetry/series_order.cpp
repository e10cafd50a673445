// SPDX-License-Identifier: Apache-2.0
#include "telemetry/series_order.hpp"

#include <algorithm>
#include <compare>
#include <numeric>

namespace porchlight::telemetry {
namespace {

using prometheus::ClientMetric;

// By the values alone: the names are the family's.
bool is_before(const ClientMetric& one, const ClientMetric& other) {
  const auto order = std::lexicographical_compare_three_way(
      one.label.begin(), one.label.end(), other.label.begin(), other.label.end(),
      [](const ClientMetric::Label& a, const ClientMetric::Label& b) { return a.value <=> b.value; });
  return order < 0;
}

}  // namespace

const std::vector<std::uint32_t>& SeriesOrder::of(const FamilySpec& family,
                                                  const std::vector<ClientMetric>& metrics) {
  auto& order = orders_[&family];
  const auto ascending = [&metrics](std::uint32_t a, std::uint32_t b) {
    return is_before(metrics[a], metrics[b]);
  };
  if (order.size() == metrics.size() && std::is_sorted(order.begin(), order.end(), ascending)) return order;
  ++sortings_;
  order.resize(metrics.size());
  std::iota(order.begin(), order.end(), std::uint32_t{0});
  std::sort(order.begin(), order.end(), ascending);
  return order;
}

}  // namespace porchlight::telemetry
