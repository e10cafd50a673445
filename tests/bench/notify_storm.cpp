// SPDX-License-Identifier: Apache-2.0
// Ten thousand rings against channels of which three in ten attempts fail: what is lost, what arrives twice,
// and what it costs in memory. Fails when anything is lost or the memory grows with the number of rings.
#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "pipeline/storm.hpp"

namespace {

// Between the first tenth, when all rings of a lane have been full once, and the end.
constexpr double most_growth_mib = 24;

}  // namespace

int main(int argc, char** argv) {
  porchlight::pipeline::StormOptions options;
  if (argc > 1) options.rings = static_cast<std::size_t>(std::atol(argv[1]));
  const auto report = porchlight::pipeline::run_storm(options);
  const auto first = report.resident_mib.front();
  const auto most = *std::max_element(report.resident_mib.begin(), report.resident_mib.end());
  std::printf("storm: %zu rings to %zu channels, %.0f %% of the attempts fail, half of those after arrival\n",
              options.rings, options.channels, options.failing * 100);
  std::printf("  messages %llu, attempts %llu, lost %llu, not settled %llu\n",
              static_cast<unsigned long long>(report.messages), static_cast<unsigned long long>(report.attempts),
              static_cast<unsigned long long>(report.lost), static_cast<unsigned long long>(report.unsettled));
  std::printf("  raw duplicates %llu (%.2f %% of the messages), each under the id of the first\n",
              static_cast<unsigned long long>(report.duplicates),
              100.0 * static_cast<double>(report.duplicates) / static_cast<double>(report.messages));
  std::printf("  simulated %lld s, of which channels were left alone about %llu s; real %.1f s\n",
              static_cast<long long>(report.simulated.count()),
              static_cast<unsigned long long>(report.open_seconds), report.real_seconds);
  std::printf("  resident MiB after each tenth:");
  for (const auto mib : report.resident_mib) std::printf(" %.1f", mib);
  std::printf("\n");
  const bool good = report.lost == 0 && report.unsettled == 0 && most - first <= most_growth_mib;
  if (!good) std::printf("FAILED: something was lost, or memory grew by more than %.0f MiB\n", most_growth_mib);
  return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
