// SPDX-License-Identifier: Apache-2.0
#include "porchlight/telemetry/log.hpp"

#include <pthread.h>

#include <memory>

#include "porchlight/telemetry/recent_log.hpp"
#include "telemetry/log_queue.hpp"

namespace porchlight::telemetry {
namespace {

// Never destroyed: a record may come from a destructor that runs after main().
LogQueue& queue() {
  static auto* const instance = new LogQueue;
  return *instance;
}

// Larger values cannot reach a line of 16 KiB, so they are not carried through the queue. The last
// word goes with the cut: half a credential would not be recognised.
constexpr std::size_t most_input_bytes = 64 * 1024;
constexpr std::size_t longest_word = 1024;

std::string limited(std::string_view text, bool& truncated) {
  if (text.size() <= most_input_bytes) return std::string(text);
  truncated = true;
  text = text.substr(0, most_input_bytes);
  const auto blank = text.find_last_of(" \t\r\n");
  const bool near = blank != std::string_view::npos && blank + longest_word > text.size();
  return std::string(text.substr(0, near ? blank : text.size() - longest_word));
}

std::string thread_name() {
  char name[16] = {};
  return ::pthread_getname_np(::pthread_self(), name, sizeof name) == 0 ? name : "";
}

std::string file_stem(std::string_view path) {
  path = path.substr(path.rfind('/') + 1);
  return std::string(path.substr(0, path.rfind('.')));
}

// `void porchlight::camera::Ingest::run(std::stop_token)` to `Ingest::run`, as far as that is easy.
std::string short_function(std::string_view signature) {
  signature = signature.substr(0, signature.find('('));
  signature = signature.substr(signature.rfind(' ') + 1);
  const auto last = signature.rfind("::");
  if (last == std::string_view::npos || last == 0) return std::string(signature);
  const auto before = signature.rfind("::", last - 1);
  return std::string(before == std::string_view::npos ? signature : signature.substr(before + 2));
}

}  // namespace

void start_logging(const LogOptions& options) {
  queue().open(options);
}
void set_log_level(Level level) {
  queue().set_level(level);
}
void reopen_logs() {
  queue().reopen();
}
void flush_logs() {
  queue().flush();
}
void stop_logging() {
  queue().close();
}
void run_log_lane(std::stop_token stop, Heartbeat& heartbeat) {
  queue().run(std::move(stop), heartbeat);
}
std::size_t log_queue_size() noexcept {
  return queue().size();
}
std::size_t log_queue_capacity() noexcept {
  return queue().capacity();
}
std::vector<std::string> recent_log_records(Level least, std::size_t most) {
  return queue().recent().newest(least, most);
}
void attach_log_metrics(Metrics* metrics) {
  queue().attach(metrics);
}

Logger Logger::with(std::string trace_id, std::string span_id, std::string event_id) const {
  Logger other = *this;
  other.trace_id_ = std::move(trace_id);
  other.span_id_ = std::move(span_id);
  other.event_id_ = std::move(event_id);
  return other;
}

Logger Logger::yielding() const {
  Logger other = *this;
  other.yields_ = true;
  return other;
}

void Logger::debug(std::string_view message, const Fields& fields, std::source_location where) const {
  write(Level::debug, message, fields, where);
}
void Logger::info(std::string_view message, const Fields& fields, std::source_location where) const {
  write(Level::info, message, fields, where);
}
void Logger::warning(std::string_view message, const Fields& fields, std::source_location where) const {
  write(Level::warning, message, fields, where);
}
void Logger::error(std::string_view message, const Fields& fields, std::source_location where) const {
  write(Level::error, message, fields, where);
}
void Logger::critical(std::string_view message, const Fields& fields, std::source_location where) const {
  write(Level::critical, message, fields, where);
}

void Logger::write(Level level, std::string_view message, const Fields& fields,
                   const std::source_location& where) const {
  if (!queue().wants(level)) return;
  auto record = std::make_unique<Record>();
  record->level = level;
  record->component = component_;
  record->at = std::chrono::system_clock::now();
  record->logger = name_;
  record->message = limited(message, record->truncated);
  record->module = file_stem(where.file_name());
  record->function = short_function(where.function_name());
  record->line = where.line();
  record->thread = thread_name();
  record->trace_id = trace_id_;
  record->span_id = span_id_;
  record->event_id = event_id_;
  record->yields = yields_;
  for (const auto& field : fields) {
    const auto* text = std::get_if<std::string>(&field.value);
    record->fields.emplace_back(field.key, text ? limited(*text, record->truncated) : field.value);
  }
  queue().submit(std::move(record));
}

}  // namespace porchlight::telemetry
