// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "porchlight/base/clock.hpp"

namespace porchlight::event {

// UUID version 7 (RFC 9562): 48 bits of Unix milliseconds, 12 of their fraction (a quarter of a
// microsecond), then random. Given at the edge, so that
// everything that follows (row, message, picture, log line) carries one id. Sorts by time as text.
class EventId {
 public:
  EventId() = default;
  static EventId generate(WallTime at);
  static std::optional<EventId> parse(std::string_view text);
  static EventId of_bytes(const std::array<std::uint8_t, 16>& bytes);

  // 36 characters, lower case, with hyphens.
  std::string text() const;
  const std::array<std::uint8_t, 16>& bytes() const noexcept { return bytes_; }
  bool is_nil() const noexcept { return bytes_ == std::array<std::uint8_t, 16>{}; }
  auto operator<=>(const EventId&) const = default;

 private:
  std::array<std::uint8_t, 16> bytes_{};
};

// W3C trace context, by value with whatever crosses threads. Ids are never all zero once started.
struct TraceContext {
  std::array<std::uint8_t, 16> trace_id{};
  std::array<std::uint8_t, 8> span_id{};

  static TraceContext start();
  TraceContext child() const;       // same trace, new span
  std::string trace_text() const;   // 32 lower-case hex digits
  std::string span_text() const;    // 16
  std::string traceparent() const;  // 00-<trace>-<span>-01
};

// The trace id in a traceparent; all zero when there is none.
std::array<std::uint8_t, 16> trace_id_of(std::string_view traceparent) noexcept;

// Fills with bytes of the kernel's generator.
void fill_random(void* bytes, std::size_t size);

}  // namespace porchlight::event
