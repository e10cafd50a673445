// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>

#include "porchlight/event/event.hpp"
#include "porchlight/telemetry/metrics.hpp"

namespace porchlight::pipeline {

// pipeline_events_total: what became of each event, counted once. Several add up; the maps are const after
// construction: any thread.
class EventOutcomes {
 public:
  explicit EventOutcomes(telemetry::Metrics& metrics);

  // The store lane: the log took it at once, or did not (then it is held, and tried again).
  void written(const event::Event& event);
  void failed(const event::Event& event);
  // For whoever gives the event away before he knows.
  telemetry::Counter failure_of(const event::Event& event);
  // A full queue: nobody has seen it.
  void dropped(const event::Event& event);

 private:
  struct Counters {
    telemetry::Counter success, failure, dropped;
  };
  Counters& of(const event::Event& event);

  std::map<std::string, Counters> by_type_;
};

}  // namespace porchlight::pipeline
