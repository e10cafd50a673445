// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <stop_token>

#include "porchlight/base/heartbeat.hpp"
#include "porchlight/base/queue.hpp"
#include "porchlight/telemetry/log.hpp"
#include "porchlight/telemetry/metrics.hpp"
#include "telemetry/log_sink.hpp"
#include "telemetry/recent_records.hpp"
#include "telemetry/record.hpp"

namespace porchlight::telemetry {

// The process's log: the one object of the program that is global, because a record may come from
// anywhere, before anything else is built and while it is taken down.
//
// Any thread calls submit(). One thread at a time consumes (`consuming_`): the lane while it runs,
// else whoever submits.
class LogQueue {
 public:
  LogQueue();

  bool wants(Level level) const noexcept { return level >= level_.load(std::memory_order_relaxed); }
  void set_level(Level level) noexcept { level_.store(level, std::memory_order_relaxed); }
  void submit(std::unique_ptr<Record> record);
  void run(std::stop_token stop, Heartbeat& heartbeat);
  void flush();

  void open(const LogOptions& options);
  void reopen();
  void close();
  void attach(Metrics* metrics);

  const RecentRecords& recent() const noexcept { return recent_; }
  std::size_t size() const noexcept { return ring_.size(); }
  std::size_t capacity() const noexcept { return ring_.capacity(); }

 private:
  // Reasons of log_messages_dropped_total that can occur.
  enum class Drop { queue_full, write_error, rate_limited };
  struct Counters {
    std::array<Counter, 5> by_level;
    std::array<Counter, 3> by_drop;
  };

  void drain();
  void write(const Record& record);
  void write_to(DescriptorSink& sink, const Record& record, const std::string& line);
  void set_patience(const DescriptorSink::Patience& patience);
  DescriptorSink* file_for(Component component);
  void count_message(Level level);
  void count_drop(Drop reason);

  Wakeup wakeup_;
  MpscRing<std::unique_ptr<Record>, QueueName::log, Overflow::drop_newest> ring_;
  std::atomic<Level> level_{Level::info};
  std::atomic<bool> lane_{false};
  std::atomic<bool> reopen_{false};
  std::atomic<std::uint64_t> queued_{0};
  std::atomic<std::uint64_t> written_{0};

  // under consuming_
  std::mutex consuming_;
  LogOptions options_;
  Origin origin_;
  DescriptorSink::Patience patience_;
  std::unique_ptr<DescriptorSink> main_;
  std::map<Component, std::unique_ptr<DescriptorSink>> files_;

  // any thread
  RecentRecords recent_;
  std::atomic<Counters*> counters_{nullptr};  // never freed: a thread may be about to count
  std::array<std::atomic<std::uint64_t>, 5> messages_before_{};
  std::array<std::atomic<std::uint64_t>, 3> drops_before_{};
};

}  // namespace porchlight::telemetry
