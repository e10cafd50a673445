// SPDX-License-Identifier: Apache-2.0
#include "store/database_meter.hpp"

#include <atomic>
#include <utility>

#include "porchlight/store/database.hpp"
#include "porchlight/telemetry/log.hpp"

namespace porchlight::store {
namespace {

constexpr std::array names{"select", "insert", "update", "delete", "transaction", "schema", "maintenance"};

// A slow card makes every commit slow: the counter has them all.
constexpr std::chrono::minutes word_period{1};

std::atomic<std::chrono::milliseconds::rep> slow_ms{default_slow_query.count()};

}  // namespace

void set_slow_query(std::chrono::milliseconds limit) noexcept {
  slow_ms.store(limit.count(), std::memory_order_relaxed);
}

void DatabaseMeter::attach(telemetry::Metrics& metrics, std::string file) {
  attached_ = true;
  file_ = std::move(file);
  for (std::size_t i = 0; i < names.size(); ++i) {
    const telemetry::Labels type{{"query_type", names[i]}};
    durations_[i] = metrics.histogram("database_query_duration_seconds", type);
    slow_[i] = metrics.counter("database_slow_queries_total", type);
  }
  active_ = metrics.gauge("database_connections", {{"state", "active"}});
  idle_ = metrics.gauge("database_connections", {{"state", "idle"}});
  (uses_ == 0 ? idle_ : active_).add(1);
}

DatabaseMeter::~DatabaseMeter() {
  (uses_ == 0 ? idle_ : active_).add(-1);
}

void DatabaseMeter::begin_use() noexcept {
  if (uses_++ != 0) return;
  idle_.add(-1);
  active_.add(1);
}

void DatabaseMeter::end_use() noexcept {
  if (--uses_ != 0) return;
  active_.add(-1);
  idle_.add(1);
}

void DatabaseMeter::observe(QueryType type, std::chrono::steady_clock::duration took) {
  if (!attached_) return;
  durations_[static_cast<std::size_t>(type)].observe(std::chrono::duration<double>(took).count());
  if (took <= std::chrono::milliseconds{slow_ms.load(std::memory_order_relaxed)}) return;
  slow_[static_cast<std::size_t>(type)].increment();
  say_slow(type, took);
}

void DatabaseMeter::say_slow(QueryType type, std::chrono::steady_clock::duration took) {
  const auto now = std::chrono::steady_clock::now();
  if (now < next_word_) return;
  next_word_ = now + word_period;
  static const auto log = telemetry::Logger("doorbell.store", telemetry::Component::storage).yielding();
  log.warning("the database was slow; more of this is counted, and said once a minute at most",
              {{"operation", std::string(names[static_cast<std::size_t>(type)])},
               {"duration_ms", std::chrono::duration<double, std::milli>(took).count()},
               {"database", file_}});
}

}  // namespace porchlight::store
