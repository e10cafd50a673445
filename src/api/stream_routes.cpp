// SPDX-License-Identifier: Apache-2.0
// Events as they come: server-sent events, and the same over a WebSocket.
#include <algorithm>
#include <utility>

#include "api/account_routes.hpp"
#include "api/look_routes.hpp"
#include "api/paths.hpp"
#include "api/standing.hpp"
#include "porchlight/http/responder.hpp"

namespace porchlight::api {
namespace {

using http::Request;
using http::Responder;
using http::Response;

constexpr std::uint16_t policy_violation = 1008;  // RFC 6455 §7.4.1
// A client sends nothing that we need.
constexpr std::size_t largest_message = 1024;
constexpr const char* first_words = "retry: 2000\n\n";  // ms until a browser comes back

// What a listener brings along, between the question and the opening.
struct Opening {
  Caller caller;
  EventWish wish;
  std::optional<std::int64_t> last;  // the client's Last-Event-ID
  std::shared_ptr<void> seat;        // lives as long as the client's connection
};

// The header is what browsers send when they come back, to the address of the first time: it is the newer
// one. A WebSocket cannot send one and names it in its address.
std::optional<std::int64_t> last_event(const Request& request, Query& query) {
  const auto header = request.header("last-event-id");
  const auto named = query.text("last_event_id");
  if (header.empty() && !named) return std::nullopt;
  const std::string text = header.empty() ? *named : std::string(header);
  const bool good = text.size() <= 18 && text.find_first_not_of("0123456789") == std::string::npos;
  if (!good) query.fault("Last-Event-ID (parameter 'last_event_id') is the id of an event of this stream");
  return good ? std::optional<std::int64_t>(std::stoll(text)) : std::nullopt;
}

EventOutlet outlet_to(const http::Sink& sink) {
  return {[sink](const EventMessage& message) {
            return sink.send(http::server_sent_event("event", message.json, std::to_string(message.change)));
          },
          [sink] { return sink.is_open(); }, [sink] { return sink.waiting(); }, [sink] { sink.close(); }};
}

EventOutlet outlet_to(const http::WebSocket& socket) {
  return {[socket](const EventMessage& message) {
            return socket.send_text("{\"type\":\"event\",\"id\":\"" + std::to_string(message.change) +
                                    "\",\"event\":" + message.json + "}");
          },
          [socket] { return socket.is_open(); }, [socket] { return socket.waiting(); },
          [socket] { socket.close(policy_violation, "the right to listen has ended"); }};
}

Response stream(EventFeed& feed, const Request&, Opening opening, std::int64_t after) {
  http::StreamBody body;
  body.keepalive = ":\n\n";
  body.opened = [&feed, opening = std::move(opening), after](const http::Sink& sink) {
    sink.send(first_words);
    feed.add(opening.caller, opening.wish, after, outlet_to(sink));
  };
  return http::open_stream(std::move(body));
}

Response socket(EventFeed& feed, const Request& request, Opening opening, std::int64_t after) {
  http::WebSocketBody body;
  body.message_bytes = largest_message;
  body.opened = [&feed, opening = std::move(opening), after](const http::WebSocket& client) {
    feed.add(opening.caller, opening.wish, after, outlet_to(client));
  };
  return http::accept_websocket(request, std::move(body));
}

using Open = Response (*)(EventFeed&, const Request&, Opening, std::int64_t after);

// Answered only when it is known where the client begins: what is committed after the answer is told.
void open(Library::State& library, Open how, const Request& request, const Caller& caller,
          const Responder& responder) {
  Query query(request, {"type", "camera", "last_event_id"});
  Opening opening{caller, wish_of(query), last_event(request, query), nullptr};
  if (auto refused = refusal_of(library, request, caller, query, opening.wish))
    return void(responder.send(std::move(*refused)));
  opening.seat = library.feed.take_seat(caller);
  if (!opening.seat) {
    auto refused = refusal(429, "this account listens to events in too many places already", request);
    refused.headers.emplace_back("Retry-After", "60");
    return void(responder.send(std::move(refused)));
  }
  run(library, Pace::quick, request, responder,
      [&library, how, request, opening = std::move(opening)](OpenLibrary& now) -> Result<Response> {
        const auto newest = now.events.newest_change();
        if (!newest) return newest.error();
        // A number from a database that is no longer there is beyond the newest.
        const auto after = std::min(*newest, opening.last.value_or(*newest));
        auto response = how(library.feed, request, opening, after);
        if (response.status < 400) library.looks.note(request, opening.caller);
        if (response.status == 403) note_refusal(library.accounts, request, opening.caller, own_page);
        return response;
      });
}

void add(Guard& guard, Library::State& library, const char* path, std::vector<int> statuses, Open how) {
  guard.add({.method = http::Method::get, .path = path, .statuses = std::move(statuses)},
            Access::from(store::Role::viewer, Scope::view),
            [&library, how](const Request& request, const Caller& caller, const Responder& responder) {
              open(library, how, request, caller, responder);
            });
}

}  // namespace

void add_stream_routes(Guard& guard, Library::State& library) {
  add(guard, library, paths::event_stream, {200, 400, 429, 503}, stream);
  add(guard, library, paths::websocket, {101, 400, 429, 503}, socket);
}

}  // namespace porchlight::api
