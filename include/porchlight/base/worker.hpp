// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <functional>
#include <stop_token>
#include <string>
#include <thread>

#include "porchlight/base/heartbeat.hpp"

namespace porchlight {

// One named thread with a heartbeat. Only `pipeline` makes Workers, but for a recorder's short ones
// (record::SideJob). The body runs until its stop
// token is set; what it does when it returns or throws is the supervisor's business:
// state() then reads `returned` or `threw`.
class Worker {
 public:
  enum class State { running, returned, threw };
  using Body = std::function<void(std::stop_token, Heartbeat&)>;

  // `name` (at most 15 characters reach the kernel) is also the log's thread name.
  Worker(std::string name, const Clock& clock, Body body);
  ~Worker();  // requests stop and joins

  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  void request_stop() noexcept { thread_.request_stop(); }
  void join();
  // Gives the thread up: it keeps running, nothing of it may be touched again (then the process
  // must end by _exit).
  void abandon() noexcept { thread_.detach(); }

  // Any thread.
  State state() const noexcept { return state_.load(std::memory_order_acquire); }
  const Heartbeat& heartbeat() const noexcept { return heartbeat_; }
  const std::string& name() const noexcept { return name_; }
  // What the escaped exception said; valid once state() is `threw`.
  const std::string& fault() const noexcept { return fault_; }

 private:
  void run(std::stop_token stop, const Body& body);

  const std::string name_;
  Heartbeat heartbeat_;
  std::string fault_;  // written before state_ is released
  std::atomic<State> state_{State::running};
  std::jthread thread_;  // last: starts when everything else is there
};

}  // namespace porchlight
