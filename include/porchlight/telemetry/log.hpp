// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <exception>
#include <map>
#include <source_location>
#include <stop_token>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "porchlight/base/heartbeat.hpp"
#include "porchlight/base/result.hpp"

namespace porchlight::telemetry {

class Metrics;
struct ExceptionText;
struct LogContext;

enum class Level { debug, info, warning, error, critical };

// `component` of a record, as log queries select it.
enum class Component { recording, api, auth, ai, streaming, storage, notification, hardware, system };

struct Field {
  std::string_view key;  // a literal
  std::variant<std::string, std::int64_t, double, bool> value;
};
using Fields = std::vector<Field>;

// The least level by logger. A rule counts for the logger of that name and for all below it:
// `doorbell.camera` for `doorbell.camera.front`. The longest name that fits wins.
using LevelRules = std::map<std::string, Level, std::less<>>;

struct LogOptions {
  bool json = true;           // else the plain format for terminals
  Level level = Level::info;  // where no rule fits
  LevelRules levels{};
  std::string dir;  // empty: `fd` only; else `<dir>/<component>.log` beside it
  std::string environment = "production";
  std::string version;              // empty: the build's
  bool truncate_addresses = false;  // extra.ip_address without its last octet, or its last 80 bits
  int fd = 1;                       // where the records go; stays the caller's
  std::string journal{};  // the journal's socket, if records go there instead, by its native protocol
};

// Where the journal takes records when `fd` is its stream, as `journal_stream` (the variable JOURNAL_STREAM
// that systemd sets, or null) says; else nothing.
std::string journal_socket_of(int fd, const char* journal_stream);

// Sets the process's sinks. Before it is called records go to stderr as plain text.
//
// A record is one line of at most 16 KiB. While run_log_lane() runs, records pass a bounded queue and
// are written by that lane; while the queue is full the oldest is dropped and counted. A record of
// ERROR and above waits until it is written, at most 100 ms. Before the lane runs and after it
// stopped, records are written by the thread that makes them.
void start_logging(const LogOptions& options);
// The key of the names that stand for persons (of any length; empty: such values are left out). Once, before
// the lane runs.
void set_pseudonym_key(std::string key);
// Whether addresses of those who ask lose what tells their machine from its neighbours. Any thread.
void truncate_log_addresses(bool on);
void set_log_level(Level level);  // where no rule fits
// As configured; what was overridden (log_levels.hpp) stays so. Any thread.
void set_log_levels(Level level, LevelRules rules);
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
// event_type, request_id, correlation_id, user_id, session_id, method, path, status, duration_ms, operation
// and success stand at the top of a record, ip_address and user_agent in `extra`, all others in `context`.
// The ids of the thread's ContextScope (log_context.hpp) stand in each record, unless the logger or the call
// has others.
class Logger {
 public:
  // `name` is one of a few: each is remembered for good.
  Logger(std::string name, Component component);

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
  // The same logger that writes only this part (0…1) of its records below WARNING, marked `sampled`; the
  // others are counted (reason `sampled`). Which ones is decided by the trace, else by the event: all
  // records of one of these at one rate are written, or none.
  Logger sampled(double rate) const;

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

  // What went wrong as an object of its own, `exception`: its type, its message, and of nested ones the
  // causes.
  void error(std::string_view message, const std::exception& thrown, const Fields& fields = {},
             std::source_location where = std::source_location::current()) const;
  void error(std::string_view message, const Error& fault, const Fields& fields = {},
             std::source_location where = std::source_location::current()) const;
  // How long an operation took and whether it did what it should: INFO.
  void performance(std::string_view operation, std::chrono::nanoseconds took, bool success,
                   Fields fields = {}, std::source_location where = std::source_location::current()) const;
  // One request that was answered. `path` is the route's template.
  struct Answered {
    std::string method;
    std::string path;
    int status = 0;
    std::chrono::nanoseconds took{};
    std::string user_agent{};  // empty: it named none
  };
  void request(Level level, const Answered& answered, Fields fields = {},
               std::source_location where = std::source_location::current()) const;

 private:
  bool is_kept() const noexcept;
  void write(Level level, std::string_view message, const Fields& fields, const std::source_location& where,
             const ExceptionText* exception = nullptr) const;
  LogContext ids() const;

  std::string name_;
  Component component_;
  std::string trace_id_;
  std::string span_id_;
  std::string event_id_;
  double sample_rate_ = 1;
  bool yields_ = false;
  const std::atomic<Level>* threshold_;  // the log's, never freed
};

}  // namespace porchlight::telemetry
