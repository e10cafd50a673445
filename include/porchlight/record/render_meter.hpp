// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <chrono>
#include <cstdint>

#include "porchlight/base/clock.hpp"
#include "porchlight/base/result.hpp"
#include "porchlight/telemetry/metrics.hpp"

namespace porchlight::record {

enum class Rendering : std::uint8_t { clip, export_, thumbnail };

// Counts what the daemon renders of its footage, and how long it takes: films of events (`clip`), of chosen
// intervals (`export_`), and pictures. `footage export` is a process of its own and not in it. Any thread.
class RenderMeter {
 public:
  explicit RenderMeter(telemetry::Metrics& metrics);

  // Runs `work`, which gives a Result, and books it: failed, cancelled or done.
  template <class Work>
  auto run(Rendering mode, const Clock& clock, Work work) {
    const auto begun = clock.now();
    auto result = work();
    const auto outcome = result                                          ? Outcome::success
                         : result.error().code() == ErrorCode::cancelled ? Outcome::cancelled
                                                                         : Outcome::failure;
    book(mode, outcome, clock.now() - begun);
    return result;
  }

 private:
  enum class Outcome : std::uint8_t { success, failure, cancelled };
  void book(Rendering mode, Outcome outcome, std::chrono::nanoseconds took);

  std::array<std::array<telemetry::Counter, 3>, 3> total_;
  std::array<telemetry::Histogram, 3> duration_;
};

}  // namespace porchlight::record
