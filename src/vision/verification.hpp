// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <limits>
#include <vector>

namespace porchlight::vision {

// The distance of a pair one of whose pictures showed no face: never accepted.
inline constexpr float never_near = std::numeric_limits<float>::infinity();

// Distances of pairs of one person (genuine) and of two (impostor). All rates are parts of 1.
struct PairDistances {
  std::vector<float> genuine;
  std::vector<float> impostor;
};

// Sorts in place, once; the functions below want it sorted.
void sort(PairDistances& pairs);

double accepted_at(const std::vector<float>& sorted, float threshold);  // part of distances ≤ threshold
// Where as many impostors are accepted as genuine pairs are refused.
double equal_error_rate(const PairDistances& sorted);
// Genuine pairs accepted at the loosest threshold that accepts at most `far` of the impostors.
double true_accepts_at(const PairDistances& sorted, double far);
float threshold_at(const PairDistances& sorted, double far);

}  // namespace porchlight::vision
