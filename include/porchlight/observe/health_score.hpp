// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <deque>
#include <optional>

#include "porchlight/base/clock.hpp"

namespace porchlight::observe {

// What the score is made of, as of one moment. The counters are those of the whole process's life.
struct ScoreTotals {
  double cameras = 0;
  double connected = 0;  // of these
  double requests = 0;   // answered
  double failed = 0;     // of these, by 5xx
  double frames_received = 0;
  double frames_dropped = 0;
  std::optional<double> disks_used_percent{};  // the mean of the file systems; nothing: none was read
};

// system_health_score: 40 for the cameras that are connected, 30 for requests that were no 5xx, 20 for free
// disks and 10 for frames that arrived, of which the counted ones over the last five minutes. What there is
// none of (no camera, no request) has its whole share, so that the score is always there. One thread.
class HealthScore {
 public:
  static constexpr std::chrono::minutes window{5};

  // 0…100.
  double add(MonotonicTime now, const ScoreTotals& totals);

 private:
  struct Moment {
    MonotonicTime at;
    ScoreTotals totals;
  };
  std::deque<Moment> moments_;  // the first is the newest that is no younger than the window
};

}  // namespace porchlight::observe
