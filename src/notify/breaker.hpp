// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>

#include "porchlight/base/clock.hpp"

namespace porchlight::notify {

// Keeps a channel that does not answer from being tried with every message. After some failed attempts in a
// row it opens: from then on one attempt in each pause, whichever message is next. Any answer closes it, a
// refusal too: the other side is there. Lane thread.
class Breaker {
 public:
  enum class Change : std::uint8_t { none, opened, closed };

  Breaker(std::uint32_t threshold, std::chrono::milliseconds pause) : threshold_(threshold), pause_(pause) {}

  bool open() const noexcept { return open_; }
  bool permits(MonotonicTime now) const noexcept { return !open_ || now >= next_probe_; }
  // When the next attempt is permitted; nothing while closed.
  std::optional<MonotonicTime> next_probe() const noexcept {
    return open_ ? std::optional(next_probe_) : std::nullopt;
  }

  // Of a former lane of the same channel: what it learned of the other side holds on.
  void inherit(const Breaker& former) noexcept {
    failures_ = std::min(former.failures_, threshold_);
    open_ = former.open_;
    next_probe_ = former.next_probe_;
  }

  Change answered() noexcept {
    failures_ = 0;
    if (!open_) return Change::none;
    open_ = false;
    return Change::closed;
  }
  // `named`: how long the other side asked to be left alone.
  Change failed(MonotonicTime now, std::optional<std::chrono::milliseconds> named) noexcept {
    if (failures_ < threshold_) ++failures_;
    if (failures_ < threshold_) return Change::none;
    next_probe_ = now + std::max(pause_, named.value_or(pause_));
    if (open_) return Change::none;
    open_ = true;
    return Change::opened;
  }

 private:
  const std::uint32_t threshold_;
  const std::chrono::milliseconds pause_;
  std::uint32_t failures_ = 0;  // in a row, up to the threshold
  bool open_ = false;
  MonotonicTime next_probe_{};
};

}  // namespace porchlight::notify
