// SPDX-License-Identifier: Apache-2.0
#include "porchlight/live/viewer.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace porchlight::live {
namespace {

// A client may say anything; a round trip beyond is none.
constexpr double longest_round_trip_ms = 60'000;
constexpr std::size_t most_waiting_for_answers = std::size_t{4} << 20;  // bytes

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
  const auto round_trip = said.find("rtt_ms");
  if (round_trip != said.end() && !round_trip->is_null()) {
    if (!round_trip->is_number()) return false;
    const auto ms = std::clamp(round_trip->get<double>(), 0.0, longest_round_trip_ms);
    round_trip_ms_.store(static_cast<std::int64_t>(ms), std::memory_order_relaxed);
  }
  heard_.store(now, std::memory_order_relaxed);
  // One that does not read shall not fill its queue with answers.
  if (outlet.waiting() > most_waiting_for_answers) return true;
  outlet.text(nlohmann::json{{"type", "pong"}, {"t", said["t"]}}.dump());
  return true;
}

}  // namespace porchlight::live
