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

  // What is tried in several calls with a part of the patience each is one wait: while it lives nothing is
  // counted, and at its end once. At most one at a time.
  class Together {
   public:
    explicit Together(LockWaits& waits) noexcept : waits_(waits) { waits_.together_ = true; }
    ~Together() { waits_.settle_together(done_); }
    Together(const Together&) = delete;
    Together& operator=(const Together&) = delete;
    // The lock came in the end.
    void done() noexcept { done_ = true; }

   private:
    LockWaits& waits_;
    bool done_ = false;
  };

 private:
  static int on_busy(void* self, int times) noexcept;
  bool wait() noexcept;
  telemetry::Counter* end_of(int rc) noexcept;
  void settle_together(bool done) noexcept;

  std::chrono::milliseconds patience_{0};
  telemetry::Counter acquired_;
  telemetry::Counter timeout_;
  telemetry::Counter deadlock_;
  // of the call that goes on
  std::optional<std::chrono::steady_clock::time_point> since_;
  std::size_t turns_ = 0;
  bool gave_up_ = false;
  // of those that are counted together
  bool together_ = false;
  telemetry::Counter* last_ = nullptr;  // how the last of them that waited ended
};

}  // namespace porchlight::store
