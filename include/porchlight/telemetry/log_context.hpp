// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>

namespace porchlight::telemetry {

// On whose behalf something is done: ids that every record made meanwhile carries. Numbers and random words,
// never names. An empty one is not known.
struct LogContext {
  std::string request_id{};
  std::string correlation_id{};  // empty: as request_id, else as event_id
  std::string trace_id{};
  std::string span_id{};
  std::string event_id{};
  std::string event_type{};
  std::string user_id{};
  std::string session_id{};

  bool empty() const noexcept;
  // This one, and from `outer` what it does not know. A span is its trace's: both come from one of the two.
  LogContext within(const LogContext& outer) const;
};

// What counts on the calling thread now: that of its innermost ContextScope.
const LogContext& current_log_context() noexcept;

// While it lives, records of its thread carry these ids; what is empty here comes from the scope around it.
// It does not leave its thread: whoever hands work to another one takes the context along with carried().
class ContextScope {
 public:
  explicit ContextScope(const LogContext& context);
  ~ContextScope();
  ContextScope(const ContextScope&) = delete;
  ContextScope& operator=(const ContextScope&) = delete;

 private:
  const LogContext context_;
  const LogContext* const outer_;
};

// The work, with the context of the thread that calls this, wherever it runs then.
template <class Work>
auto carried(Work work) {
  return [context = current_log_context(), work = std::move(work)]() mutable {
    const ContextScope scope(context);
    return work();
  };
}

}  // namespace porchlight::telemetry
