// SPDX-License-Identifier: Apache-2.0
#include "host/kernel_counters.hpp"

#include <gtest/gtest.h>

namespace porchlight::host {
namespace {

double once(KernelCounters& counters, std::uint64_t now) {
  counters.begin();
  const double shown = counters.advance("a", now);
  counters.end();
  return shown;
}

TEST(KernelCounters, ShowTheKernelsOwnValue) {
  KernelCounters counters;
  EXPECT_EQ(once(counters, 5'000'000'000), 5e9);
  EXPECT_EQ(once(counters, 5'000'000'000), 5e9);
  EXPECT_EQ(once(counters, 5'000'000'007), 5'000'000'007.0);
}

TEST(KernelCounters, NeverFall) {
  KernelCounters counters;
  once(counters, 4'294'967'290);
  EXPECT_EQ(once(counters, 10), 4'294'967'300.0) << "wrapped, or began anew: counted from nothing";
  EXPECT_EQ(once(counters, 30), 4'294'967'320.0);
  EXPECT_EQ(once(counters, 0), 4'294'967'320.0);
  EXPECT_EQ(once(counters, UINT64_MAX), 4'294'967'320.0 + static_cast<double>(UINT64_MAX));
}

TEST(KernelCounters, OfADeviceThatWasGoneBeginAnew) {
  KernelCounters counters;
  once(counters, 100);
  once(counters, 20);
  counters.begin();
  EXPECT_EQ(counters.advance("b", 1), 1);
  counters.end();
  EXPECT_EQ(once(counters, 3), 3);
}

}  // namespace
}  // namespace porchlight::host
