// SPDX-License-Identifier: Apache-2.0
#include "porchlight/telemetry/cache_meter.hpp"

#include <gtest/gtest.h>

#include <optional>

namespace porchlight::telemetry {
namespace {

class CacheMeterTest : public testing::Test {
 protected:
  double requests(const std::string& cache, const std::string& result) {
    return metrics.counter("cache_requests_total", {{"cache", cache}, {"result", result}}).value();
  }
  double evictions(const std::string& cache) {
    return metrics.counter("cache_evictions_total", {{"cache", cache}}).value();
  }
  double bytes(const std::string& cache) {
    return metrics.gauge("cache_size_bytes", {{"cache", cache}}).value();
  }

  Metrics metrics{ClosedSets{}};
};

TEST_F(CacheMeterTest, CountsUnderItsOwnName) {
  CacheMeter thumbnails(metrics, "thumbnail");
  thumbnails.hit();
  thumbnails.hit();
  thumbnails.miss();
  thumbnails.evicted();
  thumbnails.evicted(3);
  thumbnails.evicted(0);
  EXPECT_EQ(requests("thumbnail", "hit"), 2);
  EXPECT_EQ(requests("thumbnail", "miss"), 1);
  EXPECT_EQ(evictions("thumbnail"), 4);
  EXPECT_EQ(requests("session", "hit"), 0);
  EXPECT_EQ(evictions("session"), 0);
}

TEST_F(CacheMeterTest, TwoOfOneNameAddUpUntilTheyAreGone) {
  CacheMeter one(metrics, "thumbnail");
  std::optional<CacheMeter> other(std::in_place, metrics, "thumbnail");
  one.holds(1000);
  other->holds(500);
  EXPECT_EQ(bytes("thumbnail"), 1500);
  one.holds(200);
  EXPECT_EQ(bytes("thumbnail"), 700);
  other.reset();
  EXPECT_EQ(bytes("thumbnail"), 200);
}

}  // namespace
}  // namespace porchlight::telemetry
