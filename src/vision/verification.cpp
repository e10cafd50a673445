// SPDX-License-Identifier: Apache-2.0
#include "verification.hpp"

#include <algorithm>
#include <cmath>

namespace porchlight::vision {

void sort(PairDistances& pairs) {
  std::sort(pairs.genuine.begin(), pairs.genuine.end());
  std::sort(pairs.impostor.begin(), pairs.impostor.end());
}

double accepted_at(const std::vector<float>& sorted, float threshold) {
  const auto accepted = std::upper_bound(sorted.begin(), sorted.end(), threshold) - sorted.begin();
  return static_cast<double>(accepted) / static_cast<double>(sorted.size());
}

double equal_error_rate(const PairDistances& sorted) {
  double best_gap = 2;
  double rate = 1;
  // The rates change at the distances of either kind; where they are nearest to each other they are averaged.
  for (const auto* kind : {&sorted.genuine, &sorted.impostor})
    for (const auto threshold : *kind) {
      if (std::isinf(threshold)) break;
      const auto refused = 1 - accepted_at(sorted.genuine, threshold);
      const auto let_in = accepted_at(sorted.impostor, threshold);
      const auto gap = std::abs(refused - let_in);
      if (gap >= best_gap) continue;
      best_gap = gap;
      rate = (refused + let_in) / 2;
    }
  return rate;
}

float threshold_at(const PairDistances& sorted, double far) {
  const auto allowed = static_cast<std::size_t>(far * static_cast<double>(sorted.impostor.size()));
  if (allowed >= sorted.impostor.size()) return never_near;
  return std::nextafter(sorted.impostor[allowed], 0.0F);
}

double true_accepts_at(const PairDistances& sorted, double far) {
  // A failed picture lies at infinity: not even the loosest threshold takes it.
  const auto threshold = std::min(threshold_at(sorted, far), std::numeric_limits<float>::max());
  return accepted_at(sorted.genuine, threshold);
}

}  // namespace porchlight::vision
