// SPDX-License-Identifier: Apache-2.0
// What passes between the listener and the live lane about HTTP Live Streaming; docs/live.md has the
// protocol.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "porchlight/base/clock.hpp"
#include "porchlight/http/body.hpp"
#include "porchlight/live/feed.hpp"

namespace porchlight::live {

// One who watches by asking. Any thread; each member is the whole message: relaxed.
class HlsViewer {
 public:
  explicit HlsViewer(MonotonicTime joined) : joined_(joined), asked_(joined) {}

  MonotonicTime joined() const noexcept { return joined_; }
  // A request came, or one still waits.
  void asks(MonotonicTime now) noexcept { asked_.store(now, std::memory_order_relaxed); }
  // How long it may be silent: three of the playlist's target durations.
  void set_patience(std::chrono::milliseconds patience) noexcept {
    patience_ms_.store(patience.count(), std::memory_order_relaxed);
  }
  void leave() noexcept { left_.store(true, std::memory_order_relaxed); }
  bool has_left() const noexcept { return left_.load(std::memory_order_relaxed); }
  bool is_gone(MonotonicTime now) const noexcept {
    return has_left() || now - asked_.load(std::memory_order_relaxed) >
                             std::chrono::milliseconds{patience_ms_.load(std::memory_order_relaxed)};
  }

  static constexpr std::chrono::milliseconds longest_patience{15'000};

 private:
  const MonotonicTime joined_;
  std::atomic<MonotonicTime> asked_;
  std::atomic<std::int64_t> patience_ms_{longest_patience.count()};
  std::atomic<bool> left_{false};
};

// A file of /hls/{camera}/{file}.
struct HlsName {
  enum class Kind : std::uint8_t { index, playlist, head, segment, part };
  Kind kind = Kind::index;
  Quality quality = Quality::main;
  std::uint64_t number = 0;  // of a segment: its media sequence number; of a head: that of its first segment
  std::uint64_t part = 0;
};
std::optional<HlsName> hls_name(std::string_view file);
std::string hls_file(const HlsName& name);

// From which moment on a playlist is wanted (_HLS_msn, _HLS_part).
struct HlsMoment {
  std::uint64_t number = 0;
  std::optional<std::uint64_t> part{};  // nothing: the whole segment
};

struct HlsAnswer {
  int status = 200;  // 200; 400, 403, 404, 503
  std::string playlist{};
  http::SharedSlices media{};
  const char* why = "";  // not 200
};

struct HlsRequest {
  std::string camera;
  HlsName name;
  std::optional<HlsMoment> moment{};
  std::shared_ptr<HlsViewer> viewer{};
  // Any thread, at most once; a request that is dropped unanswered is never called.
  std::function<void(HlsAnswer)> answer{};
  MonotonicTime came{};
};

}  // namespace porchlight::live
