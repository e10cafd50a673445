// SPDX-License-Identifier: Apache-2.0
#include "porchlight/observe/health_score.hpp"

#include <algorithm>

namespace porchlight::observe {
namespace {

// The weights of the second document's panel `System Health Score`.
constexpr double camera_share = 40;
constexpr double request_share = 30;
constexpr double disk_share = 20;
constexpr double frame_share = 10;

// The part of `bad` among `all` leaves the rest of the share; a share of nothing is whole.
double share_of(double share, double bad, double all) {
  return all > 0 ? share * std::clamp(1 - bad / all, 0.0, 1.0) : share;
}

// A camera that was taken out of the configuration takes its counters along.
bool is_behind(const ScoreTotals& now, const ScoreTotals& before) {
  return now.requests < before.requests || now.failed < before.failed ||
         now.frames_received < before.frames_received || now.frames_dropped < before.frames_dropped;
}

}  // namespace

double HealthScore::add(MonotonicTime now, const ScoreTotals& totals) {
  if (!moments_.empty() && is_behind(totals, moments_.back().totals)) moments_.clear();
  moments_.push_back({now, totals});
  while (moments_.size() > 1 && now - moments_[1].at >= window) moments_.pop_front();
  const auto& then = moments_.front().totals;
  const double used = std::clamp(totals.disks_used_percent.value_or(0), 0.0, 100.0);
  return share_of(camera_share, totals.cameras - totals.connected, totals.cameras) +
         share_of(request_share, totals.failed - then.failed, totals.requests - then.requests) +
         share_of(disk_share, used, 100) +
         share_of(frame_share, totals.frames_dropped - then.frames_dropped,
                  totals.frames_received - then.frames_received);
}

}  // namespace porchlight::observe
