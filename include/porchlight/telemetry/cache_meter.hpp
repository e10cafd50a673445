// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string_view>

#include "porchlight/telemetry/metrics.hpp"

namespace porchlight::telemetry {

// What one cache of the process shows of itself: look-ups, what it gave up, what it holds. Several of one
// name add up. hit(), miss() and evicted(): any thread; holds(): one at a time.
class CacheMeter {
 public:
  // `cache`: session, rate_limit, face_embeddings or thumbnail. `metrics` outlives the meter.
  CacheMeter(Metrics& metrics, std::string_view cache);
  ~CacheMeter();
  CacheMeter(const CacheMeter&) = delete;
  CacheMeter& operator=(const CacheMeter&) = delete;

  void hit() noexcept { hits_.increment(); }
  void miss() noexcept { misses_.increment(); }
  void evicted(std::size_t entries = 1) noexcept;
  // Now, in bytes; what the cache's owner counts of it, not the allocator's share.
  void holds(std::size_t bytes) noexcept;

 private:
  Counter hits_;
  Counter misses_;
  Counter evictions_;
  Gauge size_;
  double held_ = 0;
};

}  // namespace porchlight::telemetry
