// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <string>

#include "porchlight/telemetry/metrics.hpp"

namespace porchlight::store {

// `query_type` of database_query_duration_seconds, fixed where a statement is written.
enum class QueryType : std::uint8_t { select, insert, update, remove, transaction, schema, maintenance };

// What one connection shows in the metrics: that it is there, whether it is at work, how long its statements
// take. Shows nothing before attach(). Belongs to the connection's thread.
class DatabaseMeter {
 public:
  DatabaseMeter() = default;
  ~DatabaseMeter();
  DatabaseMeter(const DatabaseMeter&) = delete;
  DatabaseMeter& operator=(const DatabaseMeter&) = delete;

  // Once. `file`: of the database, for what is said about slow statements. `metrics` outlives the meter.
  void attach(telemetry::Metrics& metrics, std::string file);

  // Around a statement or a transaction; they may lie within each other.
  void begin_use() noexcept;
  void end_use() noexcept;

  void observe(QueryType type, std::chrono::steady_clock::duration took);

 private:
  void say_slow(QueryType type, std::chrono::steady_clock::duration took);

  bool attached_ = false;
  std::string file_;
  std::size_t uses_ = 0;
  std::array<telemetry::Histogram, 7> durations_;  // by QueryType
  std::array<telemetry::Counter, 7> slow_;         // by QueryType
  telemetry::Gauge active_;
  telemetry::Gauge idle_;
  std::chrono::steady_clock::time_point next_word_{};
};

}  // namespace porchlight::store
