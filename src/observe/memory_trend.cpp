// SPDX-License-Identifier: Apache-2.0
#include "porchlight/observe/memory_trend.hpp"

#include <cmath>
#include <string>

namespace porchlight::observe {
namespace {

double hours(std::chrono::nanoseconds time) {
  return std::chrono::duration<double, std::ratio<3600>>(time).count();
}

}  // namespace

void MemoryTrend::add(MonotonicTime now, double bytes) {
  if (!first_) first_ = now;
  if (now - *first_ < warming_up) return;
  if (!samples_.empty() && now - samples_.back().at < period) return;
  samples_.push_back({now, bytes});
  // One that is older than the window stays, so that the window is covered.
  while (samples_.size() > 1 && now - samples_[1].at >= window) samples_.pop_front();
}

std::chrono::nanoseconds MemoryTrend::covered() const {
  return samples_.empty() ? std::chrono::nanoseconds{0} : samples_.back().at - samples_.front().at;
}

std::optional<double> MemoryTrend::growth() const {
  if (covered() < window) return std::nullopt;
  const auto count = static_cast<double>(samples_.size());
  double mean_time = 0;
  double mean_bytes = 0;
  for (const auto& sample : samples_) {
    mean_time += hours(sample.at - samples_.front().at) / count;
    mean_bytes += sample.bytes / count;
  }
  double together = 0;
  double spread = 0;
  for (const auto& sample : samples_) {
    const double off = hours(sample.at - samples_.front().at) - mean_time;
    together += off * (sample.bytes - mean_bytes);
    spread += off * off;
  }
  if (mean_bytes <= 0 || spread <= 0) return 0;
  return together / spread / mean_bytes;
}

void MemoryTrends::add(MonotonicTime now, bool with_models, double bytes) {
  with_models_ = with_models;
  (with_models ? with_ : without_).add(now, bytes);
}

Finding judge(const MemoryTrend& trend) {
  const auto minutes = std::chrono::floor<std::chrono::minutes>(trend.covered());
  Finding finding{.detail = {{"watched_minutes", std::int64_t{minutes.count()}}}};
  const auto growth = trend.growth();
  if (!growth) return finding;
  const double percent = *growth * 100;
  finding.detail.push_back({"growth_percent_per_hour", percent});
  if (*growth > MemoryTrend::most)
    finding.fault = "it grows by " + std::to_string(std::lround(percent)) + " % an hour";
  return finding;
}

}  // namespace porchlight::observe
