// SPDX-License-Identifier: Apache-2.0
#include "rates.hpp"

#include <algorithm>
#include <cmath>

namespace porchlight::vision {
namespace {

// P(at most `events` of `trials`) at the rate. Terms are made from each other, from the largest down.
double at_most(std::size_t events, std::size_t trials, double rate) noexcept {
  const auto n = static_cast<double>(trials);
  const auto k = static_cast<double>(events);
  const auto log_term = std::lgamma(n + 1) - std::lgamma(k + 1) - std::lgamma(n - k + 1) +
                        k * std::log(rate) + (n - k) * std::log1p(-rate);
  auto term = std::exp(log_term);
  auto sum = term;
  for (auto i = k; i > 0 && term > sum * 1e-12; --i) {
    term *= i / (n - i + 1) * (1 - rate) / rate;
    sum += term;
  }
  return sum;
}

}  // namespace

double upper_bound_95(std::size_t events, std::size_t trials) noexcept {
  if (events >= trials) return 1;
  auto low = static_cast<double>(events) / static_cast<double>(trials);
  auto high = 1.0;
  for (int i = 0; i < 60; ++i) {
    const auto middle = (low + high) / 2;
    (at_most(events, trials, middle) > 0.05 ? low : high) = middle;
  }
  return high;
}

}  // namespace porchlight::vision
