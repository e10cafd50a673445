// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sqlite3.h>

#include <chrono>
#include <cstddef>
#include <optional>

#include "porchlight/telemetry/metrics.hpp"

namespace porchlight::store {

// How one connection waits for the locks of others: as SQLite's own busy timeout does, which tells nobody.
// How each wait ended is counted in database_lock_waits_total. Belongs to the connection's thread.
class LockWaits {
 public:
  LockWaits() = default;
  LockWaits(const LockWaits&) = delete;
  LockWaits& operator=(const LockWaits&) = delete;

  // Without it nothing is counted.
  void attach(telemetry::Metrics& metrics);
  // To be asked by the handle, which it must outlive.
  void serve(sqlite3* handle, std::chrono::milliseconds patience);

  // How long one call waits in all.
  std::chrono::milliseconds patience() const noexcept { return patience_; }
  void set_patience(std::chrono::milliseconds patience) noexcept { patience_ = patience; }

  // After each call that may have waited, with its outcome.
  void settle(int rc) noexcept;

 private:
  static int on_busy(void* self, int times) noexcept;
  bool wait() noexcept;

  std::chrono::milliseconds patience_{0};
  telemetry::Counter acquired_;
  telemetry::Counter timeout_;
  telemetry::Counter deadlock_;
  // of the call that goes on
  std::optional<std::chrono::steady_clock::time_point> since_;
  std::size_t turns_ = 0;
  bool gave_up_ = false;
};

}  // namespace porchlight::store
