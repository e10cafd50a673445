// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <prometheus/client_metric.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

#include "telemetry/catalogue.hpp"

namespace porchlight::telemetry {

// The order of each family's series by their labels, kept from scrape to scrape: the registry hands them out
// as its hash map has them, which stays the same until a series comes or goes. One thread at a time.
class SeriesOrder {
 public:
  // Places in `metrics` by ascending labels. Each series has the family's label names, sorted. The answer is
  // good until the next call for this family.
  const std::vector<std::uint32_t>& of(const FamilySpec& family,
                                       const std::vector<prometheus::ClientMetric>& metrics);

  std::size_t sortings() const noexcept { return sortings_; }  // orders that had to be found

 private:
  std::map<const FamilySpec*, std::vector<std::uint32_t>> orders_;
  std::size_t sortings_ = 0;
};

}  // namespace porchlight::telemetry
