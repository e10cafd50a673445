// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <source_location>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "porchlight/base/result.hpp"

namespace porchlight::telemetry {

enum class Level { debug, info, warning, error, critical };

// `component` of a record, as log queries select it.
enum class Component { recording, api, auth, ai, streaming, storage, notification, hardware, system };

struct Field {
  std::string_view key;
  std::variant<std::string, std::int64_t, double, bool> value;
};
using Fields = std::vector<Field>;

struct LogOptions {
  bool json = true;   // else the plain format for terminals
  Level level = Level::info;
  std::string dir;    // empty: stdout only; else `<dir>/<component>.log` beside it
  std::string environment = "production";
  std::string version;
};

// Sets the process's sinks. Before it is called records go to stderr as plain text. Records are
// written by one background thread over a bounded queue; the oldest are dropped and counted when it
// is full; flushed at error and by flush_logs().
void start_logging(const LogOptions& options);
void set_log_level(Level level);
void reopen_logs();
void flush_logs();
void stop_logging();

// A named source of records: `doorbell.pipeline`. Cheap to copy; any thread.
// The message is a constant text without personal data; what varies goes into fields. Fields whose
// key names a secret, and values that look like one, are scrubbed.
class Logger {
 public:
  Logger(std::string name, Component component) : name_(std::move(name)), component_(component) {}

  // The same logger whose records carry these ids; an empty one is left out.
  Logger with(std::string trace_id, std::string span_id, std::string event_id) const;
  // From an event's trace and id (which live beside us, on floor 1): whatever can write itself.
  template <class Trace, class Id>
    requires requires(const Trace& trace, const Id& id) { trace.span_text(), id.text(); }
  Logger with(const Trace& trace, const Id* event_id) const {
    return with(trace.trace_text(), trace.span_text(), event_id != nullptr ? event_id->text() : std::string());
  }
  template <class Trace>
  Logger with(const Trace& trace) const {
    return with(trace.trace_text(), trace.span_text(), {});
  }

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
  void write(Level level, std::string_view message, const Fields& fields, const std::source_location& where) const;

  std::string name_;
  Component component_;
  std::string trace_id_;
  std::string span_id_;
  std::string event_id_;
};

}  // namespace porchlight::telemetry
