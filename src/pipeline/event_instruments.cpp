// SPDX-License-Identifier: Apache-2.0
#include "pipeline/event_instruments.hpp"

#include <cstdio>
#include <ctime>

namespace porchlight::pipeline {
namespace {

constexpr std::array<const char*, 4> day_names{"morning", "afternoon", "evening", "night"};

int local_hour(WallTime at) {
  const auto seconds = std::chrono::system_clock::to_time_t(at);
  std::tm local{};
  ::localtime_r(&seconds, &local);
  return local.tm_hour;
}

std::string two_digits(std::size_t hour) {
  std::array<char, 8> text{};
  std::snprintf(text.data(), text.size(), "%02zu", hour);
  return text.data();
}

}  // namespace

TimeOfDay time_of_day(int hour) noexcept {
  if (hour >= 6 && hour < 12) return TimeOfDay::morning;
  if (hour >= 12 && hour < 18) return TimeOfDay::afternoon;
  if (hour >= 18 && hour < 22) return TimeOfDay::evening;
  return TimeOfDay::night;
}

EventInstruments::EventInstruments(telemetry::Metrics& metrics)
    : store_full(metrics.counter(
          "errors_total", {{"component", "database"}, {"error_type", "resource"}, {"severity", "critical"}})),
      outcomes(metrics),
      duration_(metrics.histogram("pipeline_processing_duration_seconds", {{"stage", "event_processing"}})),
      metrics_(metrics) {
  for (std::size_t source = 0; source < sources; ++source)
    for (std::size_t day = 0; day < day_names.size(); ++day)
      triggers_[source][day] = metrics.counter(
          "doorbell_triggers_total",
          {{"trigger_source", std::string(to_string(static_cast<event::TriggerSource>(source)))},
           {"time_of_day", day_names[day]}});
  for (std::size_t hour = 0; hour < by_hour_.size(); ++hour)
    by_hour_[hour] = metrics.counter("doorbell_triggers_by_hour_total", {{"hour", two_digits(hour)}});
  using notify::Ruling;
  for (const auto why :
       {Ruling::schedule, Ruling::quiet, Ruling::grouped, Ruling::cooldown, Ruling::excluded, Ruling::rate})
    suppressed_[why] =
        metrics.counter("notifications_suppressed_total", {{"reason", std::string(to_string(why))}});
}

void EventInstruments::count(const event::Event& event) {
  if (const auto* ring = std::get_if<event::Ring>(&event)) {
    const int hour = local_hour(ring->header.at);
    triggers_[static_cast<std::size_t>(ring->source)][static_cast<std::size_t>(time_of_day(hour))]
        .increment();
    by_hour_[static_cast<std::size_t>(hour)].increment();
  } else if (const auto* security = std::get_if<event::Security>(&event)) {
    metrics_
        .counter("security_events_total", {{"event_type", security->kind},
                                           {"source", security->source},
                                           {"action_taken", security->action}})
        .increment();
  } else if (const auto* alert = std::get_if<event::Alert>(&event)) {
    metrics_
        .counter("alerts_received_total",
                 {{"status", alert->firing ? "firing" : "resolved"}, {"severity", alert->severity}})
        .increment();
  }
}

void EventInstruments::ruled(notify::Ruling ruling) {
  if (const auto counter = suppressed_.find(ruling); counter != suppressed_.end())
    counter->second.increment();
}

void EventInstruments::took(const event::Event& event, MonotonicTime from, MonotonicTime to) noexcept {
  duration_.observe(std::chrono::duration<double>(to - from).count(), event::header_of(event).trace.trace_id);
}

}  // namespace porchlight::pipeline
