// SPDX-License-Identifier: Apache-2.0
#include "pipeline/event_outcomes.hpp"

#include <variant>

namespace porchlight::pipeline {
namespace {

// The `event_type` of pipeline_events_total; docs/events.md has the table.
const char* pipeline_type(const event::Event& event) {
  if (std::holds_alternative<event::Ring>(event)) return "doorbell_press";
  if (std::holds_alternative<event::Sighting>(event)) return "face";
  if (std::holds_alternative<event::Motion>(event)) return "motion";
  return "system";
}

telemetry::Counter counter_of(telemetry::Metrics& metrics, const char* type, const char* status) {
  return metrics.counter("pipeline_events_total", {{"event_type", type}, {"status", status}});
}

}  // namespace

EventOutcomes::EventOutcomes(telemetry::Metrics& metrics) {
  for (const auto* type : {"doorbell_press", "face", "motion", "system"})
    by_type_[type] = {counter_of(metrics, type, "success"), counter_of(metrics, type, "failure"),
                      counter_of(metrics, type, "dropped")};
}

EventOutcomes::Counters& EventOutcomes::of(const event::Event& event) {
  return by_type_.at(pipeline_type(event));
}

void EventOutcomes::written(const event::Event& event) {
  of(event).success.increment();
}

void EventOutcomes::failed(const event::Event& event) {
  of(event).failure.increment();
}

telemetry::Counter EventOutcomes::failure_of(const event::Event& event) {
  return of(event).failure;
}

void EventOutcomes::dropped(const event::Event& event) {
  of(event).dropped.increment();
}

}  // namespace porchlight::pipeline
