// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "porchlight/http/body.hpp"

namespace porchlight::http {

// A text of one client's, or one that it shares with others.
struct PipeText {
  std::string own;
  std::shared_ptr<const std::string> shared{};
  std::string_view bytes() const noexcept { return shared ? *shared : own; }
};

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
    std::vector<PipeText> texts;
    PipeEnd end = PipeEnd::none;
  };

  bool push(std::string bytes) { return push(PipeText{std::move(bytes)}); }
  bool push(PipeText text) {
    if (!open.load(std::memory_order_acquire)) return false;
    const auto size = text.bytes().size();
    if (queued.fetch_add(size, std::memory_order_relaxed) + size > limit) {
      finish(PipeEnd::dropped);
      return false;
    }
    {
      const std::lock_guard lock(mutex_);
      waiting_.texts.push_back(std::move(text));
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
