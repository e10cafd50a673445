// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

namespace porchlight {

// CLOCK_MONOTONIC, the clock of the kernel's GPIO edge timestamps.
using MonotonicTime = std::chrono::steady_clock::time_point;
// CLOCK_REALTIME; jumps when the time is set. Only for what people and other machines read.
using WallTime = std::chrono::system_clock::time_point;

// The seam between the product and time. Any thread.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual MonotonicTime now() const = 0;
  virtual WallTime wall() const = 0;
  // Returns false when `stop` was requested before the time was over.
  // Longer than a year counts as a year.
  virtual bool sleep_for(std::chrono::nanoseconds duration, std::stop_token stop) = 0;
};

class SystemClock final : public Clock {
 public:
  MonotonicTime now() const override { return std::chrono::steady_clock::now(); }
  WallTime wall() const override { return std::chrono::system_clock::now(); }
  bool sleep_for(std::chrono::nanoseconds duration, std::stop_token stop) override;
};

// Time that moves only when told to: sleep_for() advances it at once. Any thread.
class SimulatedClock final : public Clock {
 public:
  explicit SimulatedClock(WallTime wall_start = WallTime{std::chrono::seconds{1'700'000'000}})
      : wall_start_(wall_start) {}
  MonotonicTime now() const override { return MonotonicTime{std::chrono::nanoseconds{elapsed_ns_.load()}}; }
  WallTime wall() const override {
    return wall_start_ +
           std::chrono::duration_cast<WallTime::duration>(std::chrono::nanoseconds{elapsed_ns_.load()});
  }
  bool sleep_for(std::chrono::nanoseconds duration, std::stop_token stop) override {
    if (stop.stop_requested()) return false;
    advance(duration);
    return true;
  }
  void advance(std::chrono::nanoseconds duration) { elapsed_ns_.fetch_add(duration.count()); }

 private:
  const WallTime wall_start_;
  std::atomic<std::int64_t> elapsed_ns_{1'000'000'000};
};

// RFC 3339 UTC with milliseconds and `Z`: 2025-01-29T04:20:12.950Z.
std::string rfc3339(WallTime time);

// RFC 3339 §5.6, with seconds and a zone; fractions beyond a nanosecond are cut off. A leap second counts as
// the second after it.
std::optional<WallTime> parse_rfc3339(std::string_view text);

}  // namespace porchlight
