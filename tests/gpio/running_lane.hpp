// SPDX-License-Identifier: Apache-2.0
// A button lane on a thread of its own, and the events it gave.
#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

#include "gpio/fake_chips.hpp"
#include "porchlight/gpio/button_lane.hpp"

namespace porchlight::gpio {

class RunningLane {
 public:
  using Events = std::vector<event::Event>;

  explicit RunningLane(std::vector<ButtonOptions> options,
                       ReopenPause pause = {std::chrono::milliseconds{1}, std::chrono::milliseconds{4}},
                       const InstrumentsOf& instruments = {})
      : lane_(ButtonLane::create(
                  std::move(options), clock_, [this](event::Event e) { take(std::move(e)); }, instruments,
                  pause)
                  .value()),
        thread_([this](std::stop_token stop) { lane_->run(stop, heartbeat_); }) {
    while (!lane_->armed()) std::this_thread::yield();
  }

  ButtonLane& operator*() { return *lane_; }
  ButtonLane* operator->() { return lane_.get(); }

  // The next event of the kind; those before it are dropped. Fails the test after 20 s.
  template <class T>
  T next() {
    for (;;) {
      std::unique_lock lock(mutex_);
      if (!arrived_.wait_for(lock, std::chrono::seconds{20}, [this] { return !events_.empty(); })) {
        ADD_FAILURE() << "no such event";
        return T{};
      }
      auto first = std::move(events_.front());
      events_.pop_front();
      if (auto* wanted = std::get_if<T>(&first)) return std::move(*wanted);
    }
  }

  // Every event up to now: what happened at the chip before this call has been dealt with when it
  // returns. The second command is taken in a turn that began after the first one's.
  Events settle(std::string_view button) {
    Events all;
    for (int turn = 0; turn < 2; ++turn) {
      const auto id = lane_->press(button, event::TriggerSource::test).value();
      for (;;) {
        std::unique_lock lock(mutex_);
        arrived_.wait(lock, [this] { return !events_.empty(); });
        auto first = std::move(events_.front());
        events_.pop_front();
        if (event::header_of(first).id == id) break;
        all.push_back(std::move(first));
      }
    }
    return all;
  }

 private:
  void take(event::Event event) {
    const std::lock_guard lock(mutex_);
    events_.push_back(std::move(event));
    arrived_.notify_all();
  }

  SystemClock clock_;
  Heartbeat heartbeat_{clock_};
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::deque<event::Event> events_;
  std::unique_ptr<ButtonLane> lane_;
  std::jthread thread_;  // last: stops first
};

inline ButtonOptions door(Backend backend = Backend::automatic) {
  ButtonOptions options;
  options.id = "front";
  options.camera = "porch";
  options.line = "GPIO17";
  options.backend = backend;
  return options;
}

inline std::string backend_name(const ::testing::TestParamInfo<Backend>& info) {
  return info.param == Backend::uapi ? "uapi" : "libgpiod";
}

}  // namespace porchlight::gpio
