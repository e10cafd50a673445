// SPDX-License-Identifier: Apache-2.0
#include "http/connection.hpp"

#include <sys/socket.h>

#include "http/tls_context.hpp"
#include "porchlight/http/problem.hpp"

namespace porchlight::http {

using ErrorCodeOfAsio = boost::system::error_code;
using Outcome = Attempt::Outcome;

namespace {

std::string seconds_text(std::chrono::milliseconds time) {
  return std::to_string(time.count() / 1000) + " s";
}

}  // namespace

Connection::Connection(Serving& serving, Socket socket, Peer peer)
    : serving_(serving),
      socket_(std::move(socket)),
      stream_(socket_.native_handle()),
      peer_(std::move(peer)),
      timer_(*serving.loop) {}

Connection::~Connection() {
  close();
}

void Connection::start() {
  if (serving_.credentials == nullptr || peer_.listener == Listener::unix_socket) return begin();
  enter(Phase::greeting, serving_.limits.handshake);
  await(Outcome::wait_readable, &Connection::on_first_byte);
}

void Connection::on_first_byte() {
  switch (first_byte(socket_.native_handle())) {
    case FirstByte::ended:
      return close();
    case FirstByte::none:
      return await(Outcome::wait_readable, &Connection::on_first_byte);
    case FirstByte::other:
      return begin();
    case FirstByte::tls:
      break;
  }
  const auto context = serving_.credentials->state().context();
  if (!stream_.begin_tls(*context)) return close();
  shake_hands();
}

void Connection::shake_hands() {
  const auto attempt = stream_.handshake();
  if (attempt.outcome == Outcome::done) return begin();
  if (attempt.outcome == Outcome::ended) return close();
  await(attempt.outcome, &Connection::shake_hands);
}

// A client that connects and says nothing gets the header's deadline, not the idle one.
void Connection::begin() {
  next_request();
  if (phase_ == Phase::idle) enter(Phase::idle, serving_.limits.header_read);
}

void Connection::close() {
  if (phase_ == Phase::closed) return;
  phase_ = Phase::closed;
  ++ticket_;
  if (std::exchange(in_flight_, false)) serving_.instruments.in_flight.add(-1);
  record(true);
  ErrorCodeOfAsio ignored;
  timer_.cancel(ignored);
  stream_.end_output();
  socket_.close(ignored);
  forget_stream();
  serving_.ended(*this);
}

void Connection::enter(Phase phase, std::chrono::milliseconds deadline) {
  phase_ = phase;
  deadline_ = std::chrono::steady_clock::now() + deadline;
  // An alarm that rings too early looks at the deadline and waits on: cheaper than a new one per phase.
  if (!armed_ || armed_for_ > deadline_) arm();
}

void Connection::arm() {
  armed_ = true;
  armed_for_ = deadline_;
  timer_.expires_at(deadline_);
  timer_.async_wait([self = shared_from_this(), round = ++timer_round_](ErrorCodeOfAsio error) {
    if (!error && round == self->timer_round_) self->on_alarm();
  });
}

void Connection::on_alarm() {
  armed_ = false;
  if (phase_ == Phase::closed) return;
  if (std::chrono::steady_clock::now() < deadline_) return arm();
  on_deadline();
}

void Connection::on_deadline() {
  const auto& limits = serving_.limits;
  switch (phase_) {
    case Phase::header:
      return refuse(Rejection::timeout, 408, "no complete header within " + seconds_text(limits.header_read));
    case Phase::body:
      return refuse(Rejection::timeout, 408, "no complete body within " + seconds_text(limits.body_read));
    case Phase::handling:
      ++ticket_;
      return write(problem_response(
          {.status = 503,
           .detail = "no answer within " + seconds_text(current_->route->answer.value_or(limits.answer)) +
                     "; what was asked for may still happen"},
          current_->request.trace));
    case Phase::writing:
      if (std::exchange(written_, 0) < limits.write_bytes) return close();
      if (std::chrono::steady_clock::now() >= current_->out_by) return close();
      return await_reader();
    case Phase::streaming:
      return keep_alive();
    default:
      return close();
  }
}

void Connection::await(Outcome need, Step next) {
  const auto what = need == Outcome::wait_writable ? Socket::wait_write : Socket::wait_read;
  socket_.async_wait(what, [self = shared_from_this(), next](ErrorCodeOfAsio error) {
    if (self->phase_ == Phase::closed) return;
    if (error) return self->close();
    (self.get()->*next)();
  });
}

void Connection::next_request() {
  current_.reset();
  keep_alive_ = false;
  enter(Phase::idle, serving_.limits.idle);
  if (unparsed_.empty()) {
    unparsed_.shrink_to_fit();
    read_more();
  } else {
    parse();
  }
}

void Connection::read_more() {
  if (std::exchange(reading_, true)) return;
  await(Outcome::wait_readable, &Connection::on_readable);
}

void Connection::on_readable() {
  if (phase_ == Phase::lingering) return discard();
  const auto attempt = stream_.read(serving_.scratch);
  if (attempt.outcome == Outcome::ended) return close();
  if (attempt.outcome != Outcome::done) return await(attempt.outcome, &Connection::on_readable);
  reading_ = false;
  on_read({serving_.scratch.data(), attempt.bytes});
}

void Connection::on_read(std::string_view bytes) {
  if (phase_ == Phase::streaming) return on_stream_bytes(bytes);
  unparsed_.append(bytes);
  if (phase_ == Phase::writing) return;
  parse();
}

// After a refusal only the end of the stream is waited for.
void Connection::discard() {
  const auto got = ::recv(socket_.native_handle(), serving_.scratch.data(), serving_.scratch.size(), 0);
  if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) return close();
  await(Outcome::wait_readable, &Connection::on_readable);
}

void Connection::parse() {
  if (!current_) current_ = std::make_unique<Current>(serving_.limits);
  if (phase_ == Phase::idle) enter(Phase::header, serving_.limits.header_read);
  const auto step = current_->parser.feed(unparsed_);
  unparsed_.erase(0, step.consumed);
  switch (step.progress) {
    case RequestParser::Progress::failed:
      return refuse(step.status == 431 ? Rejection::too_large : Rejection::malformed, step.status,
                    std::string(step.fault));
    case RequestParser::Progress::header:
      return on_header();
    case RequestParser::Progress::complete:
      return on_complete();
    case RequestParser::Progress::need_more:
      return read_more();
  }
}

}  // namespace porchlight::http
