// SPDX-License-Identifier: Apache-2.0
#include "porchlight/live/viewer.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace porchlight::live {
namespace {

// A client may say anything; a time beyond is none.
constexpr double longest_said_ms = 60'000;
constexpr std::size_t most_waiting_for_answers = std::size_t{4} << 20;  // bytes

// An optional number of milliseconds; false: it is something else.
bool read_ms(const nlohmann::json& said, const char* name, std::atomic<std::int64_t>& into) {
  const auto found = said.find(name);
  if (found == said.end() || found->is_null()) return true;
  if (!found->is_number()) return false;
  into.store(static_cast<std::int64_t>(std::clamp(found->get<double>(), 0.0, longest_said_ms)),
             std::memory_order_relaxed);
  return true;
}

}  // namespace

Outlet outlet_to(const http::WebSocket& socket) {
  return {[socket](std::string_view text) { socket.send_text(text); },
          [socket](const http::SharedFrame& frame) { socket.send(frame); },
          [socket] { return socket.is_open(); }, [socket] { return socket.waiting(); },
          [socket](std::uint16_t code, std::string_view reason) { socket.close(code, reason); }};
}

bool Viewer::heard(std::string_view message, MonotonicTime now) {
  const auto said = nlohmann::json::parse(message, nullptr, false);
  if (!said.is_object() || !said.contains("t") || !said["t"].is_number()) return false;
  if (!read_ms(said, "rtt_ms", round_trip_ms_) || !read_ms(said, "behind_ms", behind_ms_)) return false;
  heard_.store(now, std::memory_order_relaxed);
  // One that does not read shall not fill its queue with answers.
  if (outlet.waiting() > most_waiting_for_answers) return true;
  outlet.text(nlohmann::json{{"type", "pong"}, {"t", said["t"]}}.dump());
  return true;
}

}  // namespace porchlight::live
