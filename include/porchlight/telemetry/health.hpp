// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <atomic>
#include <string_view>

#include "porchlight/base/clock.hpp"

namespace porchlight::telemetry {

// What the health endpoints report. Written by whoever knows, read by the listener's thread; every
// member is one relaxed atomic of its own, so a stuck pipeline cannot hold an answer up.
class Health {
 public:
  enum class Part { config, database, model, cameras, api };
  enum class PartState { pending, starting, started, failed };
  static constexpr std::size_t parts = 5;

  explicit Health(const Clock& clock) : clock_(clock), begun_(clock.now()) {}

  void set(Part part, PartState state) noexcept;
  PartState get(Part part) const noexcept;

  // The three keys of /health/ready. A disabled feature counts as true.
  std::atomic<bool> model_loaded{false};
  std::atomic<bool> database_connected{false};
  std::atomic<bool> storage_accessible{false};
  // False once the supervisor saw a worker dead past its limit.
  std::atomic<bool> alive{true};

  bool ready() const noexcept { return model_loaded && database_connected && storage_accessible; }
  bool started() const noexcept;
  // Seconds it took until started() first read true; until then, seconds so far.
  double startup_seconds() noexcept;
  const Clock& clock() const noexcept { return clock_; }

 private:
  const Clock& clock_;
  const MonotonicTime begun_;
  std::array<std::atomic<PartState>, parts> states_{};
  std::atomic<double> startup_seconds_{-1};
};

std::string_view to_string(Health::Part part) noexcept;
std::string_view to_string(Health::PartState state) noexcept;

}  // namespace porchlight::telemetry
