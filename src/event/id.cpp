// SPDX-License-Identifier: Apache-2.0
#include "porchlight/event/id.hpp"

#include <sys/random.h>

#include <cerrno>
#include <cstdlib>
#include <span>

#include "porchlight/event/traceparent.hpp"

namespace porchlight::event {
namespace {

constexpr std::string_view digits = "0123456789abcdef";

std::string hex(std::span<const std::uint8_t> bytes) {
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const auto byte : bytes) {
    text += digits[byte >> 4];
    text += digits[byte & 15];
  }
  return text;
}

std::optional<std::uint8_t> nibble(char c) {
  const auto at = digits.find(c);
  if (at == std::string_view::npos) return std::nullopt;
  return static_cast<std::uint8_t>(at);
}

// Capital letters, too: a caller may write them. All zero is none.
template <std::size_t size>
bool read_id(std::string_view text, std::array<std::uint8_t, size>& bytes) {
  const auto small = [](char c) { return c >= 'A' && c <= 'F' ? static_cast<char>(c - 'A' + 'a') : c; };
  for (std::size_t i = 0; i < size; ++i) {
    const auto high = nibble(small(text[2 * i]));
    const auto low = nibble(small(text[2 * i + 1]));
    if (!high || !low) return false;
    bytes[i] = static_cast<std::uint8_t>(*high << 4 | *low);
  }
  return bytes != std::array<std::uint8_t, size>{};
}

bool is_hyphen_place(std::size_t i) {
  return i == 8 || i == 13 || i == 18 || i == 23;
}

}  // namespace

void fill_random(void* bytes, std::size_t size) {
  auto* out = static_cast<std::uint8_t*>(bytes);
  while (size > 0) {
    const auto got = ::getrandom(out, size, 0);
    if (got < 0) {
      if (errno == EINTR) continue;
      std::abort();  // a kernel without getrandom cannot run this program
    }
    out += got;
    size -= static_cast<std::size_t>(got);
  }
}

EventId EventId::generate(WallTime at) {
  EventId id;
  fill_random(id.bytes_.data(), id.bytes_.size());
  const auto since = at.time_since_epoch();
  const auto whole = std::chrono::floor<std::chrono::milliseconds>(since);
  auto ms = static_cast<std::uint64_t>(whole.count());
  for (std::size_t i = 6; i-- > 0; ms >>= 8) id.bytes_[i] = static_cast<std::uint8_t>(ms & 0xff);
  // RFC 9562, 6.2, method 3: the next 12 bits are the fraction of the millisecond, so that two presses within
  // one keep their order.
  const auto rest = std::chrono::duration_cast<std::chrono::nanoseconds>(since - whole).count();
  const auto fraction = static_cast<std::uint64_t>(rest) * 4096 / 1'000'000;
  id.bytes_[6] = static_cast<std::uint8_t>(0x70 | (fraction >> 8));
  id.bytes_[7] = static_cast<std::uint8_t>(fraction & 0xff);
  id.bytes_[8] = static_cast<std::uint8_t>(0x80 | (id.bytes_[8] & 0x3f));
  return id;
}

std::optional<EventId> EventId::parse(std::string_view text) {
  if (text.size() != 36) return std::nullopt;
  EventId id;
  std::size_t half = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (is_hyphen_place(i)) {
      if (text[i] != '-') return std::nullopt;
      continue;
    }
    const auto value = nibble(text[i]);
    if (!value) return std::nullopt;
    auto& byte = id.bytes_[half / 2];
    byte = static_cast<std::uint8_t>((byte << 4) | *value);
    ++half;
  }
  return id;
}

EventId EventId::of_bytes(const std::array<std::uint8_t, 16>& bytes) {
  EventId id;
  id.bytes_ = bytes;
  return id;
}

std::string EventId::text() const {
  auto text = hex(bytes_);
  for (const std::size_t place : {8U, 13U, 18U, 23U}) text.insert(place, 1, '-');
  return text;
}

TraceContext TraceContext::start() {
  TraceContext context;
  fill_random(context.trace_id.data(), context.trace_id.size());
  return context.child();
}

TraceContext TraceContext::child() const {
  auto context = *this;
  do {
    fill_random(context.span_id.data(), context.span_id.size());
  } while (context.span_id == decltype(context.span_id){});
  return context;
}

std::string TraceContext::trace_text() const {
  return hex(trace_id);
}
std::string TraceContext::span_text() const {
  return hex(span_id);
}
std::string TraceContext::traceparent() const {
  return "00-" + trace_text() + "-" + span_text() + "-01";
}

// version "-" trace-id "-" parent-id "-" flags; later versions may append more.
std::optional<TraceContext> parse_traceparent(std::string_view traceparent) noexcept {
  constexpr std::size_t trace_at = 3, span_at = 36, flags_at = 53, size = 55;
  const auto hyphen_before = [traceparent](std::size_t at) { return traceparent[at - 1] == '-'; };
  const bool shaped = traceparent.size() >= size && hyphen_before(trace_at) && hyphen_before(span_at) &&
                      hyphen_before(flags_at) && !traceparent.starts_with("ff");
  TraceContext context;
  if (!shaped || !read_id(traceparent.substr(trace_at), context.trace_id) ||
      !read_id(traceparent.substr(span_at), context.span_id))
    return std::nullopt;
  return context;
}

std::array<std::uint8_t, 16> trace_id_of(std::string_view traceparent) noexcept {
  const auto context = parse_traceparent(traceparent);
  return context ? context->trace_id : decltype(context->trace_id){};
}

}  // namespace porchlight::event
