// SPDX-License-Identifier: Apache-2.0
#include "porchlight/telemetry/log.hpp"

#include <cxxabi.h>
#include <pthread.h>

#include <cmath>
#include <cstdlib>
#include <memory>
#include <typeinfo>

#include "porchlight/telemetry/log_levels.hpp"
#include "porchlight/telemetry/recent_log.hpp"
#include "telemetry/log_queue.hpp"
#include "telemetry/log_sampling.hpp"

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

std::string type_of(const std::exception& thrown) {
  const char* const name = typeid(thrown).name();
  int status = 0;
  const std::unique_ptr<char, decltype(&std::free)> plain(
      abi::__cxa_demangle(name, nullptr, nullptr, &status), &std::free);
  return plain ? plain.get() : name;
}

// What a std::nested_exception holds, and what that holds.
std::string causes_of(const std::exception& thrown) {
  const auto* const nested = dynamic_cast<const std::nested_exception*>(&thrown);
  if (nested == nullptr || nested->nested_ptr() == nullptr) return {};
  try {
    nested->rethrow_nested();
  } catch (const std::exception& cause) {
    const auto further = causes_of(cause);
    return further.empty() ? cause.what() : std::string(cause.what()) + ": " + further;
  } catch (...) {
    return "not a std::exception";
  }
}

double milliseconds(std::chrono::nanoseconds time) {
  return std::round(std::chrono::duration<double, std::micro>(time).count()) / 1000;
}

}  // namespace

void start_logging(const LogOptions& options) {
  queue().open(options);
}
void set_log_level(Level level) {
  queue().levels().configure(level);
}
void set_pseudonym_key(std::string key) {
  queue().set_pseudonym_key(std::move(key));
}
void truncate_log_addresses(bool on) {
  queue().truncate_addresses(on);
}
void set_log_levels(Level level, LevelRules rules) {
  queue().levels().configure(level, std::move(rules));
}
LogLevels log_levels() {
  return queue().levels().shown();
}
void override_log_levels(LevelRules rules) {
  queue().levels().override_by(std::move(rules));
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
LogAnswer recent_log_records(const LogQuery& query) {
  return queue().recent().find(query);
}
void attach_log_metrics(Metrics* metrics) {
  queue().attach(metrics);
}

Logger::Logger(std::string name, Component component)
    : name_(std::move(name)), component_(component), threshold_(&queue().levels().of(name_)) {}

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

Logger Logger::sampled(double rate) const {
  Logger other = *this;
  other.sample_rate_ = rate;
  return other;
}

bool Logger::is_kept() const noexcept {
  static std::atomic<std::uint64_t> without_key{0};
  const auto& context = current_log_context();
  const auto& trace = trace_id_.empty() ? context.trace_id : trace_id_;
  if (!trace.empty()) return keeps(trace, sample_rate_);
  const auto& event = event_id_.empty() ? context.event_id : event_id_;
  if (!event.empty()) return keeps(event, sample_rate_);
  return keeps(without_key.fetch_add(1, std::memory_order_relaxed), sample_rate_);
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

void Logger::error(std::string_view message, const std::exception& thrown, const Fields& fields,
                   std::source_location where) const {
  const ExceptionText text{type_of(thrown), thrown.what(), causes_of(thrown)};
  write(Level::error, message, fields, where, &text);
}

void Logger::error(std::string_view message, const Error& fault, const Fields& fields,
                   std::source_location where) const {
  const ExceptionText text{std::string(porchlight::to_string(fault.code())), fault.text(), {}};
  write(Level::error, message, fields, where, &text);
}

void Logger::performance(std::string_view operation, std::chrono::nanoseconds took, bool success,
                         Fields fields, std::source_location where) const {
  fields.push_back({"operation", std::string(operation)});
  fields.push_back({"duration_ms", milliseconds(took)});
  fields.push_back({"success", success});
  write(Level::info, "performance", fields, where);
}

void Logger::request(Level level, const Answered& answered, Fields fields, std::source_location where) const {
  fields.push_back({"method", answered.method});
  fields.push_back({"path", answered.path});
  fields.push_back({"status", std::int64_t{answered.status}});
  fields.push_back({"duration_ms", milliseconds(answered.took)});
  if (!answered.user_agent.empty()) fields.push_back({"user_agent", answered.user_agent});
  write(level, "request", fields, where);
}

LogContext Logger::ids() const {
  LogContext own;
  own.trace_id = trace_id_;
  own.span_id = span_id_;
  own.event_id = event_id_;
  return own.within(current_log_context());
}

void Logger::write(Level level, std::string_view message, const Fields& fields,
                   const std::source_location& where, const ExceptionText* exception) const {
  if (level < threshold_->load(std::memory_order_relaxed)) return;
  const bool in_part = sample_rate_ < 1 && level < Level::warning;
  if (in_part && !is_kept()) return queue().leave_out(level);
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
  record->ids = ids();
  if (exception != nullptr) {
    record->exception = *exception;
    record->exception->message = limited(exception->message, record->truncated);
    record->exception->cause = limited(exception->cause, record->truncated);
  }
  record->yields = yields_;
  if (in_part) record->sample_rate = sample_rate_;
  for (const auto& field : fields) {
    const auto* text = std::get_if<std::string>(&field.value);
    record->fields.emplace_back(field.key, text ? limited(*text, record->truncated) : field.value);
  }
  queue().submit(std::move(record));
}

}  // namespace porchlight::telemetry
