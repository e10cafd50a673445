// SPDX-License-Identifier: Apache-2.0
#include "porchlight/telemetry/log_context.hpp"

namespace porchlight::telemetry {
namespace {

thread_local const LogContext* innermost = nullptr;

const std::string& known(const std::string& mine, const std::string& outer) {
  return mine.empty() ? outer : mine;
}

}  // namespace

bool LogContext::empty() const noexcept {
  return request_id.empty() && correlation_id.empty() && trace_id.empty() && span_id.empty() &&
         event_id.empty() && event_type.empty() && user_id.empty() && session_id.empty();
}

LogContext LogContext::within(const LogContext& outer) const {
  return {.request_id = known(request_id, outer.request_id),
          .correlation_id = known(correlation_id, outer.correlation_id),
          .trace_id = known(trace_id, outer.trace_id),
          .span_id = trace_id.empty() ? known(span_id, outer.span_id) : span_id,
          .event_id = known(event_id, outer.event_id),
          .event_type = known(event_type, outer.event_type),
          .user_id = known(user_id, outer.user_id),
          .session_id = known(session_id, outer.session_id)};
}

const LogContext& current_log_context() noexcept {
  // Never destroyed: a record may come from a destructor that runs after main().
  static const auto* const nobody = new LogContext;
  return innermost == nullptr ? *nobody : *innermost;
}

ContextScope::ContextScope(const LogContext& context)
    : context_(context.within(current_log_context())), outer_(innermost) {
  innermost = &context_;
}

ContextScope::~ContextScope() {
  innermost = outer_;
}

}  // namespace porchlight::telemetry
