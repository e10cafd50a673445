// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>

#include "porchlight/base/queue.hpp"
#include "porchlight/telemetry/metrics.hpp"

namespace porchlight::pipeline {

// What the rings say of themselves, as metrics. Several rings of one name are added up. Main thread.
class QueueGauges {
 public:
  explicit QueueGauges(telemetry::Metrics& metrics);

  struct Reading {
    std::uint64_t size = 0;
    std::uint64_t capacity = 0;
    std::uint64_t dropped = 0;  // since the ring was made
  };
  void begin() { now_ = {}; }
  void add(QueueName name, const Reading& reading);
  template <class Ring>
  void add(const Ring& ring) {
    add(Ring::name, {ring.size(), ring.capacity(), ring.dropped()});
  }
  void publish();

 private:
  static constexpr std::size_t names = 11;
  struct Instruments {
    telemetry::Gauge size, capacity;
    telemetry::Counter dropped;
    bool seen = false;
  };
  telemetry::Metrics& metrics_;
  std::array<Reading, names> now_{};
  std::array<std::uint64_t, names> dropped_before_{};
  std::array<Instruments, names> instruments_{};
};

}  // namespace porchlight::pipeline
