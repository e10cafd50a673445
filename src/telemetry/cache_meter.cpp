// SPDX-License-Identifier: Apache-2.0
#include "porchlight/telemetry/cache_meter.hpp"

#include <string>

namespace porchlight::telemetry {

CacheMeter::CacheMeter(Metrics& metrics, std::string_view cache) {
  const std::string name(cache);
  hits_ = metrics.counter("cache_requests_total", {{"cache", name}, {"result", "hit"}});
  misses_ = metrics.counter("cache_requests_total", {{"cache", name}, {"result", "miss"}});
  evictions_ = metrics.counter("cache_evictions_total", {{"cache", name}});
  size_ = metrics.gauge("cache_size_bytes", {{"cache", name}});
}

CacheMeter::~CacheMeter() {
  holds(0);
}

void CacheMeter::evicted(std::size_t entries) noexcept {
  if (entries != 0) evictions_.increment(static_cast<double>(entries));
}

void CacheMeter::holds(std::size_t bytes) noexcept {
  const auto now = static_cast<double>(bytes);
  size_.add(now - held_);
  held_ = now;
}

}  // namespace porchlight::telemetry
