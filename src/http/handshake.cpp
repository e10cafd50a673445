// SPDX-License-Identifier: Apache-2.0
// How an open-ended answer begins: event streams and WebSockets (RFC 6455 §4.2).
#include <algorithm>

#include "http/text.hpp"
#include "http/websocket_frame.hpp"
#include "porchlight/http/problem.hpp"
#include "porchlight/http/responder.hpp"

namespace porchlight::http {
namespace {

// A page of another site could open a socket here with this site's cookies: CORS does not guard them.
bool is_origin_welcome(const Request& request, const std::vector<std::string>& origins) {
  const auto origin = request.header("origin");
  if (origin.empty()) return true;
  const auto own = std::string(request.peer.scheme()) + "://" + std::string(request.header("host"));
  return equal_without_case(origin, own) ||
         std::any_of(origins.begin(), origins.end(),
                     [origin](const auto& other) { return equal_without_case(origin, other); });
}

std::string without_line_ends(std::string_view text) {
  std::string clean(text);
  std::erase_if(clean, [](char c) { return c == '\r' || c == '\n' || c == '\0'; });
  return clean;
}

}  // namespace

Response open_stream(StreamBody body, std::string_view content_type) {
  if (content_type == "text/event-stream" && body.keepalive.empty()) body.keepalive = ":\n\n";
  Response response{200, {{"Content-Type", std::string(content_type)}, {"X-Accel-Buffering", "no"}}, {}};
  response.stream = std::make_shared<const StreamBody>(std::move(body));
  return response;
}

std::string server_sent_event(std::string_view event, std::string_view data, std::string_view id) {
  std::string text;
  if (!event.empty()) text += "event: " + without_line_ends(event) + '\n';
  if (!id.empty()) text += "id: " + without_line_ends(id) + '\n';
  for (bool more = true; more;) {
    const auto line = data.substr(0, data.find_first_of("\r\n"));
    text += "data: " + std::string(line) + '\n';
    more = line.size() < data.size();
    if (!more) break;
    const bool pair = data.substr(line.size()).starts_with("\r\n");
    data.remove_prefix(line.size() + (pair ? 2 : 1));
  }
  return text + '\n';
}

Response accept_websocket(const Request& request, WebSocketBody body,
                          const std::vector<std::string>& origins) {
  const auto refused = [&request](int status, std::string detail) {
    return problem_response({.status = status, .detail = std::move(detail)}, request.trace);
  };
  if (!list_contains(request.header("connection"), "upgrade") ||
      !list_contains(request.header("upgrade"), "websocket")) {
    auto answer = refused(400, "this is a WebSocket");
    answer.headers.emplace_back("Upgrade", "websocket");
    return answer;
  }
  if (request.header("sec-websocket-version") != "13") {
    auto answer = refused(400, "only version 13 of WebSocket");
    answer.headers.emplace_back("Sec-WebSocket-Version", "13");
    return answer;
  }
  auto accept = websocket_accept(request.header("sec-websocket-key"));
  if (request.method != Method::get || !accept) return refused(400, "malformed WebSocket handshake");
  if (!is_origin_welcome(request, origins)) return refused(403, "a page of another site may not open this");
  Response response{101, {{"Sec-WebSocket-Accept", std::move(*accept)}}, {}};
  response.socket = std::make_shared<const WebSocketBody>(std::move(body));
  return response;
}

}  // namespace porchlight::http
