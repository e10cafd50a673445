// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace porchlight::pipeline {

struct StormOptions {
  std::size_t rings = 10'000;
  std::size_t channels = 3;
  // Of the attempts; half of the failures come after the other side has taken the message.
  double failing = 0.3;
  std::chrono::milliseconds between_rings{5};
  std::uint32_t seed = 1;
};

struct StormReport {
  std::uint64_t messages = 0;  // rings times channels
  std::uint64_t attempts = 0;
  std::uint64_t lost = 0;          // messages that never reached their receiver
  std::uint64_t unsettled = 0;     // messages of which the outbox does not say that they were delivered
  std::uint64_t duplicates = 0;    // arrivals of a message that had arrived before, under the same id
  std::uint64_t open_seconds = 0;  // simulated, of all channels together: about how long they were left alone
  std::chrono::seconds simulated{0};
  double real_seconds = 0;
  std::vector<double> resident_mib;  // after each tenth of the rings, and at the end
};

// Rings through the real outbox, store lane and channel lanes, against channels that fail at random.
StormReport run_storm(const StormOptions& options);

}  // namespace porchlight::pipeline
