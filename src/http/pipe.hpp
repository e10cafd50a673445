// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <functional>
#include <string>

#include "porchlight/http/body.hpp"

namespace porchlight::http {

enum class PipeEnd { after_queue, dropped };

struct Pipe {
  std::size_t limit = 0;
  std::function<void(std::string)> append;  // posts to the listener's loop
  std::function<void(PipeEnd)> end;         // posts to the listener's loop

  // Counted by the senders, given back by the connection when the bytes are with the kernel.
  std::atomic<std::size_t> queued{0};
  std::atomic<bool> open{true};

  bool push(std::string bytes) {
    if (!open.load(std::memory_order_acquire)) return false;
    const auto size = bytes.size();
    if (queued.fetch_add(size, std::memory_order_relaxed) + size > limit) {
      if (open.exchange(false, std::memory_order_acq_rel)) end(PipeEnd::dropped);
      return false;
    }
    append(std::move(bytes));
    return true;
  }
  void finish() {
    if (open.exchange(false, std::memory_order_acq_rel)) end(PipeEnd::after_queue);
  }
};

}  // namespace porchlight::http
