// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "porchlight/http/body.hpp"

namespace porchlight::http {

enum class PipeEnd : std::uint8_t { none, after_queue, dropped };

// Any thread pushes, the listener's takes. A queue of its own, because the loop keeps no order between
// what its own thread and what another thread posts.
struct Pipe {
  // const before the first push
  std::size_t limit = 0;
  std::function<void()> wake;  // posts to the listener's loop

  // Counted by the senders, given back by the connection when the bytes are with the kernel.
  std::atomic<std::size_t> queued{0};
  std::atomic<bool> open{true};

  struct Taken {
    std::vector<std::string> texts;
    PipeEnd end = PipeEnd::none;
  };

  bool push(std::string bytes) {
    if (!open.load(std::memory_order_acquire)) return false;
    const auto size = bytes.size();
    if (queued.fetch_add(size, std::memory_order_relaxed) + size > limit) {
      finish(PipeEnd::dropped);
      return false;
    }
    {
      const std::lock_guard lock(mutex_);
      waiting_.texts.push_back(std::move(bytes));
      if (std::exchange(woken_, true)) return true;
    }
    wake();
    return true;
  }
  void finish(PipeEnd how) {
    if (!open.exchange(false, std::memory_order_acq_rel)) return;
    {
      const std::lock_guard lock(mutex_);
      waiting_.end = how;
    }
    wake();
  }
  Taken take() {
    const std::lock_guard lock(mutex_);
    woken_ = false;
    return std::exchange(waiting_, {});
  }

 private:
  std::mutex mutex_;
  Taken waiting_;
  bool woken_ = false;
};

}  // namespace porchlight::http
