// SPDX-License-Identifier: Apache-2.0
#include "porchlight/base/worker.hpp"

#include <pthread.h>

#include <exception>

namespace porchlight {

Worker::Worker(std::string name, const Clock& clock, Body body)
    : name_(std::move(name)),
      heartbeat_(clock),
      thread_([this, body = std::move(body)](std::stop_token stop) {
        ::pthread_setname_np(::pthread_self(), name_.substr(0, 15).c_str());
        run(stop, body);
      }) {}

Worker::~Worker() {
  request_stop();
  join();
}

void Worker::join() {
  if (thread_.joinable()) thread_.join();
}

void Worker::run(std::stop_token stop, const Body& body) {
  try {
    body(stop, heartbeat_);
    state_.store(State::returned, std::memory_order_release);
  } catch (const std::exception& e) {
    fault_ = e.what();
    state_.store(State::threw, std::memory_order_release);
  } catch (...) {
    fault_ = "something that is not a std::exception";
    state_.store(State::threw, std::memory_order_release);
  }
}

}  // namespace porchlight
