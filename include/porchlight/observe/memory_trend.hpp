// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <optional>

#include "porchlight/base/clock.hpp"
#include "porchlight/observe/deep_health.hpp"

namespace porchlight::observe {

// Whether the process's resident memory grows: the slope of the straight line through the samples of the
// last hour (least squares). What a start and the first connections take is no growth, so the first minutes
// are left out. One thread.
class MemoryTrend {
 public:
  static constexpr std::chrono::minutes period{1};       // of samples; those in between are left out
  static constexpr std::chrono::minutes warming_up{10};  // after the first sample
  static constexpr std::chrono::minutes window{60};
  static constexpr double most = 0.05;  // of the mean, an hour

  void add(MonotonicTime now, double bytes);
  // Per hour, as a part of the mean: 0.05 is 5 %. Nothing before the samples cover the window.
  std::optional<double> growth() const;
  std::chrono::nanoseconds covered() const;

 private:
  struct Sample {
    MonotonicTime at;
    double bytes;
  };
  std::optional<MonotonicTime> first_;
  std::deque<Sample> samples_;
};

// One with the face models in memory and one without: they come with the first visitor and go when nobody
// was there for a while, and what they take is no growth.
class MemoryTrends {
 public:
  void add(MonotonicTime now, bool with_models, double bytes);
  // Of the state that the newest sample was taken in.
  const MemoryTrend& current() const noexcept { return with_models_ ? with_ : without_; }

 private:
  MemoryTrend with_;
  MemoryTrend without_;
  bool with_models_ = false;
};

// What the check `memory` says of it.
Finding judge(const MemoryTrend& trend);

}  // namespace porchlight::observe
