// SPDX-License-Identifier: Apache-2.0
#include "http/connection.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/write.hpp>
#include <exception>

#include "http/request_head.hpp"
#include "http/response_head.hpp"
#include "porchlight/http/problem.hpp"

namespace porchlight::http {

namespace asio = boost::asio;
using ErrorCodeOfAsio = boost::system::error_code;

namespace {

// Long enough for a refused client to read why, short enough not to hold a place.
constexpr std::chrono::milliseconds linger_time{1000};

std::string seconds_text(std::chrono::milliseconds time) {
  return std::to_string(time.count() / 1000) + " s";
}

}  // namespace

Connection::Connection(Serving& serving, Socket socket, Peer peer)
    : serving_(serving), socket_(std::move(socket)), peer_(std::move(peer)), timer_(*serving.loop) {}

Connection::~Connection() {
  close();
}

void Connection::start() {
  next_request();
  // A client that connects and says nothing gets the header's deadline, not the idle one.
  enter(Phase::idle, serving_.limits.header_read);
}

void Connection::close() {
  if (phase_ == Phase::closed) return;
  phase_ = Phase::closed;
  ++ticket_;
  if (std::exchange(in_flight_, false)) serving_.instruments.in_flight.add(-1);
  ErrorCodeOfAsio ignored;
  timer_.cancel(ignored);
  socket_.close(ignored);
  serving_.ended(*this);
}

void Connection::enter(Phase phase, std::chrono::milliseconds deadline) {
  phase_ = phase;
  timer_.expires_after(deadline);
  timer_.async_wait([self = shared_from_this(), round = ++timer_round_](ErrorCodeOfAsio error) {
    if (!error && round == self->timer_round_) self->on_deadline();
  });
}

void Connection::on_deadline() {
  switch (phase_) {
    case Phase::header:
      return refuse(408, "no complete header within " + seconds_text(serving_.limits.header_read));
    case Phase::body:
      return refuse(408, "no complete body within " + seconds_text(serving_.limits.body_read));
    case Phase::handling:
      ++ticket_;
      return write(problem_response(
          {.status = 503,
           .detail = "no answer within " + seconds_text(route_->answer.value_or(serving_.limits.answer)) +
                     "; what was asked for may still happen"},
          request_.trace));
    default:
      return close();
  }
}

void Connection::next_request() {
  parser_.emplace(serving_.limits, serving_.router.largest_body(serving_.limits.body_bytes));
  request_ = Request{};
  route_ = nullptr;
  allow_.clear();
  routed_ = false;
  keep_alive_ = false;
  version_ = 11;
  begun_ = std::chrono::steady_clock::now();
  enter(Phase::idle, serving_.limits.idle);
  if (unparsed_.empty()) {
    read_more();
  } else {
    parse();
  }
}

void Connection::read_more() {
  if (std::exchange(reading_, true)) return;
  socket_.async_read_some(asio::buffer(chunk_),
                          [self = shared_from_this()](ErrorCodeOfAsio error, std::size_t size) {
                            self->reading_ = false;
                            if (self->phase_ == Phase::closed) return;
                            if (error) return self->close();
                            self->on_read(size);
                          });
}

void Connection::on_read(std::size_t size) {
  // After a refusal only the end of the stream is waited for.
  if (phase_ == Phase::lingering) return read_more();
  if (phase_ == Phase::writing) return;
  unparsed_.append(chunk_.data(), size);
  parse();
}

void Connection::parse() {
  if (phase_ == Phase::idle) {
    begun_ = std::chrono::steady_clock::now();
    enter(Phase::header, serving_.limits.header_read);
  }
  const auto step = parser_->feed(unparsed_);
  unparsed_.erase(0, step.consumed);
  switch (step.progress) {
    case RequestParser::Progress::failed:
      return refuse(step.status, std::string(step.fault));
    case RequestParser::Progress::header:
      return on_header();
    case RequestParser::Progress::complete:
      return on_complete();
    case RequestParser::Progress::need_more:
      return read_more();
  }
}

void Connection::on_header() {
  request_ = parser_->take_head();
  request_.peer = peer_;
  request_.request_id = accepted_request_id(request_.header("x-request-id"));
  request_.trace = trace_of(request_.header("traceparent"));
  version_ = parser_->version();
  auto target = parse_target(parser_->target());
  if (!target) return refuse(400, "malformed request target");
  if (!host_is_valid(request_, version_)) return refuse(400, "exactly one Host header is needed");
  request_.path = std::move(target->path);
  request_.query = std::move(target->query);
  auto match = serving_.router.match(request_.method, request_.path, peer_.listener);
  route_ = match.route;
  routed_ = match.route != nullptr;
  allow_ = std::move(match.allow);
  request_.parameters = std::move(match.parameters);
  const auto limit =
      routed_ ? route_->body_bytes.value_or(serving_.limits.body_bytes) : serving_.limits.body_bytes;
  if (!parser_->limit_body(limit))
    return refuse(413, "the body may have " + std::to_string(limit) + " bytes");
  enter(Phase::body, serving_.limits.body_read);
  if (parser_->expects_continue() && unparsed_.empty()) return ask_for_body();
  parse();
}

void Connection::ask_for_body() {
  static constexpr std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\n";
  enter(Phase::writing, serving_.limits.write);
  asio::async_write(socket_, asio::buffer(go_on),
                    [self = shared_from_this()](ErrorCodeOfAsio error, std::size_t) {
                      if (self->phase_ == Phase::closed) return;
                      if (error) return self->close();
                      self->enter(Phase::body, self->serving_.limits.body_read);
                      self->parse();
                    });
}

void Connection::on_complete() {
  keep_alive_ = parser_->keep_alive() && ++served_ < serving_.limits.requests_per_connection;
  request_.body = parser_->take_body();
  in_flight_ = true;
  serving_.instruments.in_flight.add(1);
  if (routed_) return dispatch();
  Problem problem{.status = allow_.empty() ? 404 : 405,
                  .detail = "there is nothing at '" + request_.path + "'"};
  if (!allow_.empty()) problem.detail = "'" + request_.path + "' takes " + allow_;
  auto response = problem_response(problem, request_.trace);
  if (!allow_.empty()) response.headers.emplace_back("Allow", allow_);
  write(std::move(response));
}

void Connection::dispatch() {
  enter(Phase::handling, route_->answer.value_or(serving_.limits.answer));
  Responder responder([loop = serving_.loop, weak = weak_from_this(), ticket = ++ticket_](Response response) {
    // Inline when the handler answers at once on this thread, else through the loop.
    asio::dispatch(*loop, [weak, ticket, response = std::move(response)]() mutable {
      if (const auto self = weak.lock()) self->answer(ticket, std::move(response));
    });
  });
  try {
    route_->handler(request_, responder);
  } catch (const std::exception& fault) {
    serving_.log.error("a handler threw", {{"endpoint", route_->path}, {"error", std::string(fault.what())}});
    responder.send(problem_response({.status = 500, .detail = "internal error"}, request_.trace));
  }
}

void Connection::answer(std::uint64_t ticket, Response response) {
  if (ticket == ticket_ && phase_ == Phase::handling) write(std::move(response));
}

// What is wrong with the request itself: nothing after it on this connection can be trusted.
void Connection::refuse(int status, std::string detail) {
  keep_alive_ = false;
  if (request_.request_id.empty()) {
    request_.request_id = accepted_request_id({});
    request_.trace = event::TraceContext::start();
    request_.method = Method::other;
  }
  write(problem_response({.status = status, .detail = std::move(detail)}, request_.trace));
}

void Connection::write(Response response) {
  enter(Phase::writing, serving_.limits.write);
  status_ = response.status;
  head_ = response_head(response, {.version = version_,
                                   .keep_alive = keep_alive_,
                                   .request_id = request_.request_id,
                                   .date = std::chrono::system_clock::now()});
  body_ = std::move(response.body);
  if (request_.method == Method::head || status_ == 204) body_.clear();
  const std::array<asio::const_buffer, 2> parts = {asio::buffer(head_), asio::buffer(body_)};
  asio::async_write(socket_, parts, [self = shared_from_this()](ErrorCodeOfAsio error, std::size_t) {
    self->count_completed();
    if (self->phase_ == Phase::closed) return;
    if (error) return self->close();
    self->on_written();
  });
}

void Connection::count_completed() {
  if (std::exchange(in_flight_, false)) serving_.instruments.in_flight.add(-1);
  serving_.instruments.completed(request_.method, route_, status_, std::chrono::steady_clock::now() - begun_);
}

void Connection::on_written() {
  head_.clear();
  body_.clear();
  if (!keep_alive_) return linger();
  next_request();
}

// Closing with unread bytes in the kernel's buffer resets the connection and takes the answer away
// from the client: say "no more from us" and read until it goes.
void Connection::linger() {
  ErrorCodeOfAsio ignored;
  socket_.shutdown(Socket::shutdown_send, ignored);
  enter(Phase::lingering, linger_time);
  read_more();
}

}  // namespace porchlight::http
