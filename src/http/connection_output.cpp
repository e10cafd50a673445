// SPDX-License-Identifier: Apache-2.0
// What goes out: answers, files, and the end of a connection.
#include <unistd.h>

#include <algorithm>
#include <boost/asio/post.hpp>

#include "http/connection.hpp"
#include "http/response_head.hpp"

namespace porchlight::http {

namespace asio = boost::asio;
using Outcome = Attempt::Outcome;

namespace {

// Long enough for a refused client to read why, short enough not to hold a place.
constexpr std::chrono::milliseconds linger_time{1000};
// What one client may send before the others have their turn.
constexpr std::uint64_t turn_bytes = 512 * 1024;
// Up to here head and body go out together: one system call, one TLS record.
constexpr std::size_t one_record = 16 * 1024;

// The bytes of a small file, so that it can share the head's record; nothing when it is not small.
std::optional<std::string> small_text(const FileBody& body) {
  if (body.slices.size() != 1 || body.length() > one_record || !body.slices[0].before.empty()) return {};
  std::string text(body.slices[0].bytes, '\0');
  const auto got =
      ::pread(body.file->get(), text.data(), text.size(), static_cast<::off_t>(body.slices[0].offset));
  if (got != static_cast<ssize_t>(text.size())) return {};
  return text;
}

}  // namespace

void Connection::write(Response response) {
  if (response.stream || response.socket) return open_stream(response);
  written_ = 0;
  queue(std::move(response));
  await_reader();
  flush();
}

void Connection::await_reader() {
  using std::chrono::milliseconds;
  const auto left = std::chrono::ceil<milliseconds>(current_->out_by - std::chrono::steady_clock::now());
  enter(Phase::writing, std::min<milliseconds>(serving_.limits.write, left));
}

void Connection::queue(Response response) {
  auto& current = *current_;
  current.status = response.status;
  const auto* credentials = serving_.credentials;
  // Not for our own authority: who loses its certificate could not even click the warning away.
  const bool strict = stream_.secure() && credentials != nullptr && credentials->mode() == TlsMode::files;
  auto head = response_head(response, {.version = current.version,
                                       .keep_alive = keep_alive_,
                                       .strict_transport = strict,
                                       .request_id = current.request.request_id,
                                       .correlation_id = current.request.correlation_id,
                                       .date = std::chrono::system_clock::now()});
  const bool no_body =
      current.request.method == Method::head || response.status == 204 || response.status == 304;
  if (no_body || response.stream || response.socket) return output_.add(std::move(head));
  if (response.file) {
    auto text = small_text(*response.file);
    if (text) return output_.add(head + *text);
    output_.add(std::move(head));
    return output_.add(*response.file);
  }
  if (response.shared) {
    const auto& slices = response.shared->slices;
    if (length_of(slices) <= one_record) return output_.add(head + joined(slices));
    if (response.shared->within > std::chrono::milliseconds::zero())
      current.out_by = std::chrono::steady_clock::now() + response.shared->within;
    current.is_over = response.shared->is_over;
    output_.add(std::move(head));
    return output_.add(*response.shared);
  }
  if (response.body.size() <= one_record) return output_.add(head + response.body);
  output_.add(std::move(head));
  output_.add(std::move(response.body));
}

void Connection::ask_for_body() {
  enter(Phase::writing, serving_.limits.write);
  current_->status = 100;
  output_.add("HTTP/1.1 100 Continue\r\n\r\n");
  flush();
}

// One flush at a time; what comes in between is sent by it.
void Connection::flush() {
  if (flushing_ || phase_ == Phase::closed) return;
  if (current_ && current_->is_over && current_->is_over()) return close();
  const auto progress = output_.advance(stream_, turn_bytes, serving_.scratch);
  written_ += progress.bytes;
  if (current_) current_->sent += progress.bytes;
  if (streaming_) {
    streaming_->pipe->queued.fetch_sub(progress.freed, std::memory_order_relaxed);
    streaming_->moved = streaming_->moved || progress.bytes > 0;
  }
  if (progress.outcome == Outcome::ended) {
    if (phase_ == Phase::writing && current_->status != 100) count_completed(true);
    return close();
  }
  flushing_ = true;
  // Through the loop even when everything is out: the handler that answered may still be running,
  // and a thousand requests in one packet must not become a thousand calls deep.
  if (progress.outcome == Outcome::done) {
    asio::post(*serving_.loop, [self = shared_from_this()] {
      self->flushing_ = false;
      if (self->phase_ == Phase::closed) return;
      if (self->output_.empty()) return self->on_flushed();
      self->flush();
    });
    return;
  }
  const auto what = progress.outcome == Outcome::wait_writable ? Socket::wait_write : Socket::wait_read;
  socket_.async_wait(what, [self = shared_from_this()](const boost::system::error_code& error) {
    self->flushing_ = false;
    if (error) return self->close();
    self->flush();
  });
}

void Connection::on_flushed() {
  if (phase_ == Phase::streaming) {
    record(false);
    current_.reset();  // its handler has returned by now
    if (streaming_->ending) linger();
    return;
  }
  if (phase_ != Phase::writing) return;
  if (current_->status == 100) {
    current_->status = 0;
    current_->sent = 0;
    enter(Phase::body, serving_.limits.body_read);
    return parse();
  }
  count_completed();
  if (!keep_alive_) return linger();
  next_request();
}

void Connection::count() {
  if (std::exchange(in_flight_, false)) serving_.instruments.in_flight.add(-1);
  if (current_->route != nullptr && current_->route->done) current_->route->done(current_->status);
  serving_.instruments.completed(current_->request.method, current_->route, current_->status,
                                 std::chrono::steady_clock::now() - current_->begun,
                                 current_->request.trace.trace_id);
}

void Connection::count_completed(bool aborted) {
  count();
  record(aborted);
}

// Once for each request whose head could be read, or that was refused because it could not.
void Connection::record(bool aborted) {
  if (!current_ || current_->request.request_id.empty() || std::exchange(current_->recorded, true)) return;
  const auto& current = *current_;
  const int status = current.status == 100 ? 0 : current.status;
  serving_.access_log.write({current.request, current.route, status,
                             std::chrono::steady_clock::now() - current.begun, current.sent, aborted});
}

// Closing with unread bytes in the kernel's buffer resets the connection and takes the answer away
// from the client: say "no more from us" and read until it goes.
void Connection::linger() {
  forget_stream();
  stream_.end_output();
  enter(Phase::lingering, linger_time);
  read_more();
}

}  // namespace porchlight::http
