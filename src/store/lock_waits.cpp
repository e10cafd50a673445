// SPDX-License-Identifier: Apache-2.0
#include "store/lock_waits.hpp"

#include <algorithm>
#include <array>
#include <thread>

namespace porchlight::store {
namespace {

// As SQLite's own (sqliteDefaultBusyCallback): most locks are held for a few milliseconds.
constexpr std::array<std::chrono::milliseconds, 12> pauses = {
    std::chrono::milliseconds{1},  std::chrono::milliseconds{2},  std::chrono::milliseconds{5},
    std::chrono::milliseconds{10}, std::chrono::milliseconds{15}, std::chrono::milliseconds{20},
    std::chrono::milliseconds{25}, std::chrono::milliseconds{25}, std::chrono::milliseconds{25},
    std::chrono::milliseconds{50}, std::chrono::milliseconds{50}, std::chrono::milliseconds{100}};

telemetry::Counter ended(telemetry::Metrics& metrics, const char* result) {
  return metrics.counter("database_lock_waits_total", {{"result", result}});
}

}  // namespace

void LockWaits::attach(telemetry::Metrics& metrics) {
  acquired_ = ended(metrics, "acquired");
  timeout_ = ended(metrics, "timeout");
  deadlock_ = ended(metrics, "deadlock");
}

void LockWaits::serve(sqlite3* handle, std::chrono::milliseconds patience) {
  patience_ = patience;
  sqlite3_busy_handler(handle, &LockWaits::on_busy, this);
}

int LockWaits::on_busy(void* self, int) noexcept {
  return static_cast<LockWaits*>(self)->wait() ? 1 : 0;
}

bool LockWaits::wait() noexcept {
  const auto now = std::chrono::steady_clock::now();
  if (!since_) since_ = now;
  const auto left = patience_ - (now - *since_);
  if (left <= std::chrono::nanoseconds{0}) {
    gave_up_ = true;
    return false;
  }
  const std::chrono::nanoseconds pause = pauses[std::min(turns_++, pauses.size() - 1)];
  std::this_thread::sleep_for(std::min<std::chrono::nanoseconds>(pause, left));
  return true;
}

// A refusal for which SQLite did not ask (or went on asking) is one where waiting would never have helped:
// each of two holds what the other wants, or what was read is no longer what would be written over.
telemetry::Counter* LockWaits::end_of(int rc) noexcept {
  const int kind = rc & 0xff;
  if (gave_up_) return &timeout_;
  if (kind == SQLITE_BUSY || kind == SQLITE_LOCKED) return &deadlock_;
  return since_ ? &acquired_ : nullptr;
}

void LockWaits::settle(int rc) noexcept {
  auto* const ended = end_of(rc);
  since_.reset();
  turns_ = 0;
  gave_up_ = false;
  if (ended == nullptr) return;
  if (together_)
    last_ = ended;
  else
    ended->increment();
}

void LockWaits::settle_together(bool done) noexcept {
  if (last_ != nullptr) (done ? &acquired_ : last_)->increment();
  together_ = false;
  last_ = nullptr;
}

}  // namespace porchlight::store
