// SPDX-License-Identifier: Apache-2.0
#include "telemetry/log_queue.hpp"

#include <spdlog/details/log_msg.h>
#include <spdlog/pattern_formatter.h>

#include <algorithm>
#include <thread>

#include "porchlight/telemetry/build.hpp"

namespace porchlight::telemetry {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t queue_slots = 4096;
constexpr auto most_wait = 100ms;

// Without a lane a caller waits itself.
bool callers_patience(std::chrono::milliseconds waited) {
  return waited < most_wait;
}

// Without a descriptor the queue still works: the lane then looks every 100 ms.
Wakeup make_wakeup() {
  auto wakeup = Wakeup::create();
  return wakeup ? std::move(wakeup).value() : Wakeup(UniqueFd());
}

spdlog::level::level_enum spdlog_level(Level level) {
  constexpr std::array levels = {spdlog::level::debug, spdlog::level::info, spdlog::level::warn,
                                 spdlog::level::err, spdlog::level::critical};
  return levels[static_cast<std::size_t>(level)];
}

template <class... Arguments>
std::unique_ptr<DescriptorSink> make_sink(Arguments&&... arguments) {
  auto sink = std::make_unique<DescriptorSink>(std::forward<Arguments>(arguments)...);
  sink->set_formatter(
      std::make_unique<spdlog::pattern_formatter>("%v", spdlog::pattern_time_type::utc, "\n"));
  return sink;
}

constexpr std::string_view level_words[] = {"debug", "info", "warning", "error", "critical"};
constexpr std::string_view drop_words[] = {"queue_full", "write_error", "rate_limited"};

}  // namespace

LogQueue::LogQueue() : wakeup_(make_wakeup()), ring_(queue_slots, wakeup_) {
  close();
}

void LogQueue::submit(std::unique_ptr<Record> record) {
  const auto level = record->level;
  count_message(level);
  if (!lane_.load(std::memory_order_acquire)) {
    const std::lock_guard lock(consuming_);
    drain();
    write(*record);
    return;
  }
  if (record->yields && ring_.size() >= ring_.capacity() / 2) return count_drop(Drop::rate_limited);
  if (!ring_.push(std::move(record))) return count_drop(Drop::queue_full);
  queued_.fetch_add(1, std::memory_order_release);
  if (level >= Level::error || !lane_.load(std::memory_order_acquire)) flush();
}

// A lane that stops between our look at it and the push leaves the record to us.
void LogQueue::flush() {
  const auto mine = queued_.load(std::memory_order_acquire);
  const auto until = std::chrono::steady_clock::now() + most_wait;
  while (written_.load(std::memory_order_acquire) < mine && std::chrono::steady_clock::now() < until) {
    if (!lane_.load(std::memory_order_acquire)) {
      const std::lock_guard lock(consuming_);
      drain();
      return;
    }
    std::this_thread::sleep_for(200us);
  }
}

void LogQueue::run(std::stop_token stop, Heartbeat& heartbeat) {
  {
    const std::lock_guard lock(consuming_);
    // A reader that sleeps must look like neither a dead lane nor hold up a stop.
    set_patience([&](auto) {
      heartbeat.beat();
      return !stop.stop_requested();
    });
  }
  lane_.store(true, std::memory_order_release);
  while (!stop.stop_requested()) {
    heartbeat.beat();
    wakeup_.wait_for(most_wait, [this] { return ring_.size() != 0; });
    const std::lock_guard lock(consuming_);
    drain();
  }
  lane_.store(false, std::memory_order_release);
  const std::lock_guard lock(consuming_);
  drain();
  set_patience(callers_patience);
}

void LogQueue::set_patience(const DescriptorSink::Patience& patience) {
  patience_ = patience;
  main_->set_patience(patience);
  for (auto& [component, file] : files_) file->set_patience(patience);
}

void LogQueue::drain() {
  while (auto record = ring_.pop()) {
    write(**record);
    written_.fetch_add(1, std::memory_order_release);
  }
}

void LogQueue::write(const Record& record) {
  if (reopen_.exchange(false)) {
    for (auto& [component, file] : files_) file->reopen();
  }
  recent_.add(record, origin_);
  const auto line = options_.json ? json_line(record, origin_) : plain_line(record);
  write_to(*main_, record, line);
  if (auto* file = file_for(record.component)) write_to(*file, record, line);
}

void LogQueue::write_to(DescriptorSink& sink, const Record& record, const std::string& line) {
  try {
    sink.log(spdlog::details::log_msg(record.at, {}, record.logger, spdlog_level(record.level), line));
  } catch (const std::exception&) {
    // There is nobody to tell but the counter.
    count_drop(Drop::write_error);
  }
}

DescriptorSink* LogQueue::file_for(Component component) {
  if (options_.dir.empty()) return nullptr;
  auto& sink = files_[component];
  if (sink == nullptr) {
    sink = make_sink(options_.dir + '/' + std::string(to_string(component)) + ".log");
    sink->set_patience(patience_);
  }
  return sink.get();
}

void LogQueue::open(const LogOptions& options) {
  const std::lock_guard lock(consuming_);
  drain();
  options_ = options;
  origin_ = {options.environment, options.version.empty() ? std::string(build_version()) : options.version};
  files_.clear();
  main_ = make_sink(options.fd);
  main_->set_patience(patience_);
  set_level(options.level);
}

// Left to the next writer: whoever asks must not wait for one that waits for its reader.
void LogQueue::reopen() {
  reopen_.store(true);
}

void LogQueue::close() {
  LogOptions plain;
  plain.json = false;
  plain.fd = 2;
  open(plain);
}

// Once or twice in a run, so what the former attachment leaves behind does not matter.
void LogQueue::attach(Metrics* metrics) {
  counters_.store(nullptr, std::memory_order_release);
  if (metrics == nullptr) return;
  auto counters = std::make_unique<Counters>();
  for (std::size_t i = 0; i < counters->by_level.size(); ++i) {
    counters->by_level[i] = metrics->counter("log_messages_total", {{"level", std::string(level_words[i])}});
    counters->by_level[i].increment(static_cast<double>(messages_before_[i].exchange(0)));
  }
  for (std::size_t i = 0; i < counters->by_drop.size(); ++i) {
    counters->by_drop[i] =
        metrics->counter("log_messages_dropped_total", {{"reason", std::string(drop_words[i])}});
    counters->by_drop[i].increment(static_cast<double>(drops_before_[i].exchange(0)));
  }
  counters_.store(counters.release(), std::memory_order_release);
}

void LogQueue::count_message(Level level) {
  const auto index = static_cast<std::size_t>(level);
  if (auto* counters = counters_.load(std::memory_order_acquire))
    return counters->by_level[index].increment();
  messages_before_[index].fetch_add(1, std::memory_order_relaxed);
}

void LogQueue::count_drop(Drop reason) {
  const auto index = static_cast<std::size_t>(reason);
  if (auto* counters = counters_.load(std::memory_order_acquire)) return counters->by_drop[index].increment();
  drops_before_[index].fetch_add(1, std::memory_order_relaxed);
}

}  // namespace porchlight::telemetry
