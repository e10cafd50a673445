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
constexpr int most_attempts = 64;

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

constexpr std::string_view drop_words[] = {"queue_full", "write_error", "rate_limited", "sampled"};

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
  // Counted before the lane can see it: else one that it has written stands in for another's that it has not.
  queued_.fetch_add(1, std::memory_order_release);
  if (!push(std::move(record))) {
    settled_.fetch_add(1, std::memory_order_release);
    return count_drop(Drop::queue_full);
  }
  if (level >= Level::error || !lane_.load(std::memory_order_acquire)) flush();
}

void LogQueue::leave_out(Level level) {
  count_message(level);
  count_drop(Drop::sampled);
}

// A lane that stops between our look at it and the push leaves the record to us.
void LogQueue::flush() {
  const auto mine = queued_.load(std::memory_order_acquire);
  const auto until = std::chrono::steady_clock::now() + most_wait;
  while (settled_.load(std::memory_order_acquire) < mine && std::chrono::steady_clock::now() < until) {
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
    write_summaries(repeats_.due(std::chrono::steady_clock::now()));
  }
  lane_.store(false, std::memory_order_release);
  const std::lock_guard lock(consuming_);
  drain();
  set_patience(callers_patience);
}

void LogQueue::set_patience(const DescriptorSink::Patience& patience) {
  patience_ = patience;
  main_->set_patience(patience);
  if (journal_) journal_->set_patience(patience);
  for (auto& [component, file] : files_) file->set_patience(patience);
}

// What is newest tells most, so the oldest gives way. Whoever loses each race for the room made gives up.
bool LogQueue::push(std::unique_ptr<Record> record) {
  for (int attempt = 0; attempt < most_attempts; ++attempt) {
    if (ring_.offer(record)) return true;
    drop_oldest();
  }
  return ring_.offer(record);
}

// Nobody waits here: the lock is held for an instant, and who finds it taken finds room after that.
void LogQueue::drop_oldest() {
  std::unique_ptr<Record> oldest;
  {
    const std::unique_lock lock(popping_, std::try_to_lock);
    if (!lock || ring_.size() < ring_.capacity()) return;
    if (auto popped = ring_.pop()) oldest = std::move(*popped);
  }
  if (oldest == nullptr) return;
  settled_.fetch_add(1, std::memory_order_release);
  count_drop(Drop::queue_full);
}

std::unique_ptr<Record> LogQueue::next() {
  const std::lock_guard lock(popping_);
  auto popped = ring_.pop();
  return popped ? std::move(*popped) : nullptr;
}

void LogQueue::drain() {
  // No more than fits: whoever looks for the lane's sign of life would wait for those who go on talking.
  for (auto left = ring_.capacity(); left > 0; --left) {
    const auto record = next();
    if (!record) break;
    write(*record);
    settled_.fetch_add(1, std::memory_order_release);
  }
}

// Without a lane nobody looks after a minute but whoever writes the next record.
void LogQueue::write(const Record& record) {
  const auto now = std::chrono::steady_clock::now();
  if (!lane_.load(std::memory_order_relaxed)) write_summaries(repeats_.due(now));
  if (repeats_.admits(record, now)) write_line(record);
}

void LogQueue::write_summaries(const std::vector<Record>& summaries) {
  for (const auto& summary : summaries) write_line(summary);
}

void LogQueue::write_line(const Record& record) {
  if (reopen_.exchange(false)) {
    for (auto& [component, file] : files_) file->reopen();
  }
  origin_.truncates_addresses = truncates_addresses_.load(std::memory_order_relaxed);
  const auto line = options_.json ? json_line(record, origin_) : plain_line(record, origin_);
  recent_.add(record, origin_, options_.json ? &line : nullptr);
  write_main(record, line);
  if (auto* file = file_for(record.component)) write_to(*file, record, line);
}

// Without the journal its stream may still be somebody's, such as that of the service's supervisor.
void LogQueue::write_main(const Record& record, const std::string& line) {
  const auto outcome = journal_ ? journal_->write(record, line) : JournalSink::Outcome::not_there;
  if (outcome == JournalSink::Outcome::not_there) write_to(*main_, record, line);
  if (outcome == JournalSink::Outcome::nobody_reads) count_drop(Drop::write_error);
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
  write_summaries(repeats_.rest());
  options_ = options;
  origin_.environment = options.environment;
  origin_.version = options.version.empty() ? std::string(build_version()) : options.version;
  truncate_addresses(options.truncate_addresses);
  files_.clear();
  main_ = make_sink(options.fd);
  journal_ = options.journal.empty() ? nullptr : std::make_unique<JournalSink>(options.journal);
  main_->set_patience(patience_);
  if (journal_) journal_->set_patience(patience_);
  levels_.override_by({});
  levels_.configure(options.level, options.levels);
}

void LogQueue::set_pseudonym_key(std::string key) {
  const std::lock_guard lock(consuming_);
  origin_.pseudonym_key = std::move(key);
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
    counters->by_level[i] =
        metrics->counter("log_messages_total", {{"level", std::string(word_of(static_cast<Level>(i)))}});
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
