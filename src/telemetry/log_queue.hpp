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
#include "telemetry/journal_sink.hpp"
#include "telemetry/log_levels.hpp"
#include "telemetry/log_repeats.hpp"
#include "telemetry/log_sink.hpp"
#include "telemetry/recent_records.hpp"
#include "telemetry/record.hpp"

namespace porchlight::telemetry {

// The process's log: the one object of the program that is global, because a record may come from
// anywhere, before anything else is built and while it is taken down.
//
// Any thread calls submit(). One thread at a time writes (`consuming_`): the lane while it runs, else whoever
// submits. A writer may wait for its reader, so what is next is taken out under a lock of its own
// (`popping_`), held for that alone: whoever finds the queue full takes out the oldest there.
class LogQueue {
 public:
  LogQueue();

  void submit(std::unique_ptr<Record> record);
  // A record that sampling does not keep.
  void leave_out(Level level);
  void run(std::stop_token stop, Heartbeat& heartbeat);
  void flush();

  void open(const LogOptions& options);
  void reopen();
  void close();
  void attach(Metrics* metrics);
  void set_pseudonym_key(std::string key);
  void truncate_addresses(bool on) noexcept { truncates_addresses_.store(on, std::memory_order_relaxed); }

  LevelTable& levels() noexcept { return levels_; }
  const RecentRecords& recent() const noexcept { return recent_; }
  std::size_t size() const noexcept { return ring_.size(); }
  std::size_t capacity() const noexcept { return ring_.capacity(); }

 private:
  // Reasons of log_messages_dropped_total that can occur.
  enum class Drop { queue_full, write_error, rate_limited, sampled };
  struct Counters {
    std::array<Counter, 5> by_level;
    std::array<Counter, 4> by_drop;
  };

  bool push(std::unique_ptr<Record> record);
  void drop_oldest();
  std::unique_ptr<Record> next();
  void drain();
  void write(const Record& record);
  void write_line(const Record& record);
  void write_summaries(const std::vector<Record>& summaries);
  void write_main(const Record& record, const std::string& line);
  void write_to(DescriptorSink& sink, const Record& record, const std::string& line);
  void set_patience(const DescriptorSink::Patience& patience);
  DescriptorSink* file_for(Component component);
  void count_message(Level level);
  void count_drop(Drop reason);

  Wakeup wakeup_;
  MpscRing<std::unique_ptr<Record>, QueueName::log, Overflow::drop_oldest> ring_;
  std::atomic<bool> lane_{false};
  std::atomic<bool> reopen_{false};
  std::atomic<bool> truncates_addresses_{false};
  std::atomic<std::uint64_t> queued_{0};
  std::atomic<std::uint64_t> settled_{0};  // written, or dropped from the queue

  std::mutex popping_;  // the ring's consumer

  // under consuming_
  std::mutex consuming_;
  LogOptions options_;
  Origin origin_;
  DescriptorSink::Patience patience_;
  std::unique_ptr<DescriptorSink> main_;
  std::unique_ptr<JournalSink> journal_;  // null: none
  std::map<Component, std::unique_ptr<DescriptorSink>> files_;
  LogRepeats repeats_;

  // any thread
  LevelTable levels_;
  RecentRecords recent_;
  std::atomic<Counters*> counters_{nullptr};  // never freed: a thread may be about to count
  std::array<std::atomic<std::uint64_t>, 5> messages_before_{};
  std::array<std::atomic<std::uint64_t>, 4> drops_before_{};
};

}  // namespace porchlight::telemetry
