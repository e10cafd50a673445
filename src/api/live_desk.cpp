// SPDX-License-Identifier: Apache-2.0
#include "api/live_desk.hpp"

#include <algorithm>
#include <utility>

#include "api/standing.hpp"

namespace porchlight::api {
namespace {

constexpr std::size_t largest_message = 1024;
constexpr std::ptrdiff_t viewings_of_account = 16;  // a wall of cameras in two windows
// The lane closes who is behind long before; this is for one whose keyframes are that large.
constexpr std::size_t queue_bytes = std::size_t{32} << 20;

}  // namespace

http::Response LiveDesk::open(const http::Request& request, const Caller& caller, live::Quality quality) {
  auto viewing = std::make_shared<Viewing>(
      Viewing{watching_of(request, caller, request.parameter("id"), request.path), nullptr});
  http::WebSocketBody body;
  body.message_bytes = largest_message;
  body.queue_bytes = queue_bytes;
  body.opened = [this, viewing, quality](const http::WebSocket& socket) { begin(viewing, quality, socket); };
  body.message = [this, viewing](const http::WebSocket& socket, http::MessageKind kind,
                                 const std::string& text) {
    if (!viewing->viewer) return;
    if (kind != http::MessageKind::text || !viewing->viewer->heard(text, clock_.now()))
      socket.close(live::unsupported_data, "what a viewer says is {\"t\":…,\"rtt_ms\":…}");
  };
  body.closed = [this, viewing](std::uint16_t) { end(viewing); };
  return http::accept_websocket(request, std::move(body));
}

bool LiveDesk::take_seat(const std::shared_ptr<Viewing>& viewing, live::Quality quality,
                         const http::WebSocket& socket) {
  const std::lock_guard lock(mutex_);
  const auto taken = std::count_if(viewings_.begin(), viewings_.end(), [&](const auto& other) {
    return other->caller.name == viewing->caller.name;
  });
  if (taken >= viewings_of_account) return false;
  viewing->viewer = watch_(viewing->camera, quality, live::outlet_to(socket));
  viewings_.push_back(viewing);
  return true;
}

void LiveDesk::begin(const std::shared_ptr<Viewing>& viewing, live::Quality quality,
                     const http::WebSocket& socket) {
  viewing->begun = clock_.now();
  if (!take_seat(viewing, quality, socket))
    return socket.close(live::try_again_later, "this account watches as much as it may");
  note_beginning(accounts_, *viewing);
}

void LiveDesk::end(const std::shared_ptr<Viewing>& viewing) {
  if (!viewing->viewer) return;
  viewing->viewer->leave();
  note_end(accounts_, *viewing, clock_.now());
  const std::lock_guard lock(mutex_);
  std::erase(viewings_, viewing);
}

void LiveDesk::end_those_without_right() {
  const std::lock_guard lock(mutex_);
  if (viewings_.empty()) return;
  const auto known = accounts_.directory();
  for (const auto& viewing : viewings_)
    if (viewing->viewer->outlet.is_open() && !still_holds(accounts_, *known, viewing->caller))
      viewing->viewer->outlet.close(live::policy_violation, "the right to watch has ended");
}

}  // namespace porchlight::api
