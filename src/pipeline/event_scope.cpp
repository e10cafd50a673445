// SPDX-License-Identifier: Apache-2.0
#include "pipeline/event_scope.hpp"

#include "porchlight/base/overloaded.hpp"

namespace porchlight::pipeline {
namespace {

telemetry::LogContext context_of(const event::EventId& id, const std::string& request_id = {}) {
  telemetry::LogContext context;
  context.event_id = id.text();
  context.request_id = request_id;
  return context;
}

}  // namespace

telemetry::LogContext context_of(const event::Event& event) {
  const auto& header = event::header_of(event);
  auto context = context_of(header.id);
  context.request_id = event::request_of(header);
  context.correlation_id = header.correlation_id;
  context.trace_id = header.trace.trace_text();
  context.span_id = header.trace.span_text();
  context.event_type = event::type_of(event);
  return context;
}

telemetry::LogContext context_of(const StoreJob& job) {
  return std::visit(
      Overloaded{[](const CommitEvent& j) { return context_of(j.event); },
                 [](const CompleteEvent& j) { return context_of(j.event); },
                 [](const AmendEvent& j) { return context_of(j.id, j.request_id); },
                 [](const SettleMessage& j) { return context_of(j.key.event_id, j.request_id); },
                 [](const LabelEvent& j) { return context_of(j.claim.event); },
                 [](const auto&) { return telemetry::LogContext(); }},
      job);
}

}  // namespace porchlight::pipeline
