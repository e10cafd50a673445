// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <future>
#include <mutex>
#include <thread>

#include "porchlight/api/library.hpp"

namespace porchlight::api::test {

// The library's executor of a test: a thread of its own, as in the house, which ticks when it is told to.
class Librarian {
 public:
  ~Librarian() { stop(); }

  bool submit(LibraryPorts::Job job) {
    if (full) return false;
    const std::lock_guard lock(mutex_);
    jobs_.push_back(std::move(job));
    ++taken;
    woken_.notify_one();
    return true;
  }
  // Once everything queued before is done.
  void do_now(const LibraryPorts::Job& job) {
    std::promise<void> done;
    {
      const std::lock_guard lock(mutex_);
      jobs_.emplace_back([&] {
        job();
        done.set_value();
      });
      woken_.notify_one();
    }
    done.get_future().get();
  }
  void stop() {
    thread_.request_stop();
    if (thread_.joinable()) thread_.join();
  }

  std::atomic<bool> full{false};
  std::atomic<int> taken{0};  // jobs that were submitted

 private:
  void run(const std::stop_token& stop) {
    for (;;) {
      std::unique_lock lock(mutex_);
      if (!woken_.wait(lock, stop, [this] { return !jobs_.empty(); })) return;
      auto job = std::move(jobs_.front());
      jobs_.pop_front();
      lock.unlock();
      job();
    }
  }

  std::mutex mutex_;
  std::condition_variable_any woken_;
  std::deque<LibraryPorts::Job> jobs_;
  std::jthread thread_{[this](const std::stop_token& stop) { run(stop); }};
};

}  // namespace porchlight::api::test
