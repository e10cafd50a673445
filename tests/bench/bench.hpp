// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string_view>
#include <vector>

namespace porchlight::bench {

using Nanoseconds = std::chrono::duration<double, std::nano>;

inline double percentile(std::vector<double>& samples, double percent) {
  if (samples.empty()) return 0;
  const auto at = static_cast<std::size_t>(percent / 100 * static_cast<double>(samples.size() - 1));
  std::nth_element(samples.begin(), samples.begin() + static_cast<std::ptrdiff_t>(at), samples.end());
  return samples[at];
}

// One line for people: what, p50, p99, how many.
inline double report(std::string_view what, std::string_view unit, std::vector<double> samples) {
  const auto p50 = percentile(samples, 50);
  const auto p99 = percentile(samples, 99);
  std::printf("%-46.*s p50 %9.3f %.*s   p99 %9.3f %.*s   n %zu\n", static_cast<int>(what.size()), what.data(),
              p50, static_cast<int>(unit.size()), unit.data(), p99, static_cast<int>(unit.size()),
              unit.data(), samples.size());
  return p50;
}

// A figure against its bound.
inline void judge(std::string_view what, double found, double bound, std::string_view unit) {
  std::printf("%-46.*s %.3f %.*s, bound %.3f: %s\n", static_cast<int>(what.size()), what.data(), found,
              static_cast<int>(unit.size()), unit.data(), bound, found <= bound ? "kept" : "MISSED");
}

}  // namespace porchlight::bench
