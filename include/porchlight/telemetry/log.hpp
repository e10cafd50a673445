// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <source_location>
#include <stop_token>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "porchlight/base/heartbeat.hpp"

namespace porchlight::telemetry {

class Metrics;

enum class Level { debug, info, warning, error, critical };

// `component` of a record, as log queries select it.
enum class Component { recording, api, auth, ai, streaming, storage, notification, hardware, system };

struct Field {
  std::string_view key;  // a literal
  std::variant<std::string, std::int64_t, double, bool> value;
};
using Fields = std::vector<Field>;

struct LogOptions {
  bool json = true;  // else the plain format for terminals
  Level level = Level::info;
  std::string dir;  // empty: `fd` only; else `<dir>/<component>.log` beside it
  std::string environment = "production";
  std::string version;  // empty: the build's
  int fd = 1;           // where the records go; stays the caller's
};

// Sets the process's sinks. Before it is called records go to stderr as plain text.
//
// A record is one line of at most 16 KiB. While run_log_lane() runs, records pass a bounded queue and
// are written by that lane; what comes while the queue is full is dropped and counted. A record of
// ERROR and above waits until it is written, at most 100 ms. Before the lane runs and after it
// stopped, records are written by the thread that makes them.
void start_logging(const LogOptions& options);
void set_log_level(Level level);
// The files are opened again before the next record, for logrotate.
void reopen_logs();
// Waits until everything queued so far is written, at most 100 ms.
void flush_logs();
// Writes what is queued and goes back to stderr.
void stop_logging();

// The body of the lane's worker. Returns when stopped, with the queue empty.
void run_log_lane(std::stop_token stop, Heartbeat& heartbeat);
// For pipeline_queue_size and pipeline_queue_capacity of the queue `log`.
std::size_t log_queue_size() noexcept;
std::size_t log_queue_capacity() noexcept;

// Feeds log_messages_total and log_messages_dropped_total, with what was counted before. Call with
// null before `metrics` goes.
void attach_log_metrics(Metrics* metrics);

// The text with everything that looks like a secret replaced by `[redacted]`: user and password of
// URLs, bearer and basic credentials, `token=` and the like, JSON Web Tokens, e-mail addresses, bot
// tokens, webhook paths. For texts that leave the program by another way than a log record.
std::string scrubbed(std::string_view text);

// A named source of records: `doorbell.pipeline`. Cheap to copy; any thread.
// The message is a constant text without personal data; what varies goes into fields. Fields whose
// key names a secret or a person, and values that look like a secret, are scrubbed. The keys event,
// event_type, request_id, method, path, status, duration_ms, operation and success stand at the top of
// a record, ip_address and user_agent in `extra`, all others in `context`.
class Logger {
 public:
  Logger(std::string name, Component component) : name_(std::move(name)), component_(component) {}

  // The same logger whose records carry these ids; an empty one is left out.
  Logger with(std::string trace_id, std::string span_id, std::string event_id) const;
  // From an event's trace and id (which live beside us, on floor 1): whatever can write itself.
  template <class Trace, class Id>
    requires requires(const Trace& trace, const Id& id) { trace.span_text(), id.text(); }
  Logger with(const Trace& trace, const Id* event_id) const {
    return with(trace.trace_text(), trace.span_text(),
                event_id != nullptr ? event_id->text() : std::string());
  }
  template <class Trace>
  Logger with(const Trace& trace) const {
    return with(trace.trace_text(), trace.span_text(), {});
  }
  // The same logger whose records give way: while half the queue is taken they are dropped (reason
  // `rate_limited`), so that whoever can make many of them does not push others out.
  Logger yielding() const;

  void debug(std::string_view message, const Fields& fields = {},
             std::source_location where = std::source_location::current()) const;
  void info(std::string_view message, const Fields& fields = {},
            std::source_location where = std::source_location::current()) const;
  void warning(std::string_view message, const Fields& fields = {},
               std::source_location where = std::source_location::current()) const;
  void error(std::string_view message, const Fields& fields = {},
             std::source_location where = std::source_location::current()) const;
  void critical(std::string_view message, const Fields& fields = {},
                std::source_location where = std::source_location::current()) const;

 private:
  void write(Level level, std::string_view message, const Fields& fields,
             const std::source_location& where) const;

  std::string name_;
  Component component_;
  std::string trace_id_;
  std::string span_id_;
  std::string event_id_;
  bool yields_ = false;
};

}  // namespace porchlight::telemetry
