// SPDX-License-Identifier: Apache-2.0
// From a request's head to its route's answer.
#include <boost/asio/dispatch.hpp>
#include <exception>

#include "http/connection.hpp"
#include "http/payload.hpp"
#include "http/request_head.hpp"
#include "porchlight/http/problem.hpp"

namespace porchlight::http {

namespace asio = boost::asio;

void Connection::on_header() {
  auto& parser = current_->parser;
  auto& request = current_->request;
  request = parser.take_head();
  request.peer = peer_;
  request.peer.secure = stream_.secure();
  request.correlation_id = well_formed_id(request.header("x-correlation-id"));
  request.request_id = well_formed_id(request.header("x-request-id"));
  if (request.request_id.empty()) request.request_id = accepted_request_id(request.correlation_id);
  request.trace = trace_of(request.header("traceparent"));
  current_->version = parser.version();
  auto reason = Rejection::malformed;
  auto target = parse_target(parser.target(), &reason);
  if (!target) return refuse(reason, 400, "malformed request target");
  if (!host_is_valid(request, current_->version))
    return refuse(Rejection::malformed, 400, "exactly one Host header is needed");
  request.path = std::move(target->path);
  request.query = std::move(target->query);
  if (count_query_values(request.query) > serving_.limits.query_values)
    return refuse(Rejection::malformed, 400, "the query has too many parameters");
  judge_peer(request.peer, request, serving_.proxies);
  find_route(request.path);
  if (is_welcome()) accept_body();
}

// Whether the request may come in this way at all; answers it when not.
bool Connection::is_welcome() {
  const auto& request = current_->request;
  if (peer_.listener == Listener::unix_socket || stream_.secure()) return true;
  if (serving_.credentials == nullptr) {
    if (!serving_.only_through_proxies || !request.peer.proxy.empty() || is_loopback_address(peer_.address))
      return true;
    refuse(403, "not encrypted: only the trusted proxy may ask here");
    return false;
  }
  if (request.peer.loopback && is_monitoring_path(request.path)) return true;
  const auto host = request.header("host");
  if (!is_authority(host)) {
    refuse(Rejection::malformed, 400, "the Host header names no host");
    return false;
  }
  auto target = current_->parser.target();
  target.erase(0, target.find('/', target.starts_with('/') ? 0 : target.find("//") + 2));
  keep_alive_ = false;
  Response moved{308, {{"Location", "https://" + std::string(host) + target}}, {}};
  write(std::move(moved));
  return false;
}

void Connection::find_route(std::string_view path) {
  auto match = serving_.router.match(current_->request.method, path, peer_.listener);
  current_->route = match.route;
  current_->allow = std::move(match.allow);
  current_->request.parameters = std::move(match.parameters);
}

// A gate that throws lets nobody in.
std::optional<Response> Connection::refused_by_gate() {
  const auto* route = current_->route;
  if (route == nullptr || !route->gate) return std::nullopt;
  try {
    return route->gate(current_->request);
  } catch (const std::exception& fault) {
    serving_.log.error("a gate threw", fault, {{"endpoint", route->path}});
    return problem_response({.status = 500, .detail = "internal error"}, current_->request.trace);
  }
}

// A gate that refuses what the head says of the body counts as we do.
void Connection::count_refusal_of_body(int status) {
  if (status != 413 && status != 415) return;
  const auto reason = status == 413 ? Rejection::too_large : Rejection::bad_content_type;
  serving_.instruments.rejected(reason);
  if (serving_.on_rejection)
    serving_.on_rejection(reason, current_->request.peer, "refused by the route's gate");
}

void Connection::accept_body() {
  const auto* route = current_->route;
  auto& parser = current_->parser;
  if (auto refusal = refused_by_gate()) {
    count_refusal_of_body(refusal->status);
    // A body that was announced but is not taken would be read as the next request.
    keep_alive_ = parser.keep_alive() && parser.body_length() == 0 &&
                  ++served_ < serving_.limits.requests_per_connection;
    return write(std::move(*refusal));
  }
  const auto limit =
      route != nullptr ? route->body_bytes.value_or(serving_.limits.body_bytes) : serving_.limits.body_bytes;
  if (parser.body_length() > limit)
    return refuse(Rejection::too_large, 413, "the body may have " + std::to_string(limit) + " bytes");
  enter(Phase::body, serving_.limits.body_read);
  if (parser.expects_continue() && unparsed_.empty() && parser.body_length() > 0) return ask_for_body();
  parse();
}

void Connection::on_complete() {
  auto& parser = current_->parser;
  keep_alive_ = parser.keep_alive() && ++served_ < serving_.limits.requests_per_connection;
  current_->request.body = parser.take_body();
  in_flight_ = true;
  serving_.instruments.in_flight.add(1);
  if (current_->route == nullptr) return answer_unrouted();
  if (auto fault = read_payload(current_->route->payload, current_->request, serving_.limits)) {
    serving_.instruments.rejected(fault->reason);
    if (serving_.on_rejection)
      serving_.on_rejection(fault->reason, current_->request.peer, fault->problem.detail);
    return write(problem_response(fault->problem, current_->request.trace));
  }
  dispatch();
}

void Connection::answer_unrouted() {
  const auto& allow = current_->allow;
  const auto& request = current_->request;
  Problem problem{.status = allow.empty() ? 404 : 405,
                  .detail = "there is nothing at '" + request.path + "'"};
  if (!allow.empty()) problem.detail = "'" + request.path + "' takes " + allow;
  auto response = problem_response(problem, request.trace);
  if (!allow.empty()) response.headers.emplace_back("Allow", allow);
  write(std::move(response));
}

void Connection::dispatch() {
  const auto& route = *current_->route;
  enter(Phase::handling, route.answer.value_or(serving_.limits.answer));
  Responder responder([loop = serving_.loop, weak = weak_from_this(), ticket = ++ticket_](Response response) {
    // Inline when the handler answers at once on this thread, else through the loop.
    asio::dispatch(*loop, [weak, ticket, response = std::move(response)]() mutable {
      if (const auto self = weak.lock()) self->answer(ticket, std::move(response));
    });
  });
  try {
    route.handler(current_->request, responder);
  } catch (const std::exception& fault) {
    serving_.log.error("a handler threw", fault, {{"endpoint", route.path}});
    responder.send(problem_response({.status = 500, .detail = "internal error"}, current_->request.trace));
  }
}

void Connection::answer(std::uint64_t ticket, Response response) {
  if (ticket == ticket_ && phase_ == Phase::handling) write(std::move(response));
}

void Connection::refuse(Rejection reason, int status, std::string detail) {
  serving_.instruments.rejected(reason);
  const auto& peer = current_->request.peer;
  if (serving_.on_rejection) serving_.on_rejection(reason, peer.address.empty() ? peer_ : peer, detail);
  refuse(status, std::move(detail));
}

// What is wrong with the request itself: nothing after it on this connection can be trusted.
void Connection::refuse(int status, std::string detail) {
  keep_alive_ = false;
  auto& request = current_->request;
  if (request.request_id.empty()) {
    request.request_id = accepted_request_id({});
    request.trace = event::TraceContext::start();
    request.method = Method::other;
    request.peer = peer_;
  }
  write(problem_response({.status = status, .detail = std::move(detail)}, request.trace));
}

}  // namespace porchlight::http
