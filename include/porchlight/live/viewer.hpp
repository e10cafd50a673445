// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "porchlight/base/clock.hpp"
#include "porchlight/http/body.hpp"

namespace porchlight::live {

// RFC 6455 §7.4.1.
inline constexpr std::uint16_t going_away = 1001;
inline constexpr std::uint16_t unsupported_data = 1003;
inline constexpr std::uint16_t policy_violation = 1008;
inline constexpr std::uint16_t try_again_later = 1013;

// The way to one client. Any thread; nothing here waits.
struct Outlet {
  std::function<void(std::string_view)> text;  // one JSON object
  std::function<void(const http::SharedFrame&)> media;
  std::function<bool()> is_open;
  std::function<std::size_t()> waiting;  // bytes that are not with the kernel yet
  std::function<void(std::uint16_t code, std::string_view reason)> close;
};
Outlet outlet_to(const http::WebSocket& socket);

// One who watches: what the listener's thread tells the live lane of its client. Any thread; each member is
// the whole message: relaxed.
class Viewer {
 public:
  Viewer(Outlet to_client, MonotonicTime joined) : outlet(std::move(to_client)), heard_(joined) {}

  // A message came. False: it is none of ours.
  bool heard(std::string_view message, MonotonicTime now);
  void leave() noexcept { gone_.store(true, std::memory_order_relaxed); }

  bool is_gone() const { return gone_.load(std::memory_order_relaxed) || !outlet.is_open(); }
  MonotonicTime heard_at() const noexcept { return heard_.load(std::memory_order_relaxed); }
  std::chrono::milliseconds round_trip() const noexcept {
    return std::chrono::milliseconds{round_trip_ms_.load(std::memory_order_relaxed)};
  }
  // How long a picture waits at the client until it is shown.
  std::chrono::milliseconds behind() const noexcept {
    return std::chrono::milliseconds{behind_ms_.load(std::memory_order_relaxed)};
  }

  const Outlet outlet;

 private:
  std::atomic<bool> gone_{false};
  std::atomic<MonotonicTime> heard_;
  std::atomic<std::int64_t> round_trip_ms_{0};  // as the client measured it; 0: it did not
  std::atomic<std::int64_t> behind_ms_{0};      // the same
};

}  // namespace porchlight::live
