// SPDX-License-Identifier: Apache-2.0
// Answers that stay open: event streams and WebSockets.
#include <boost/asio/post.hpp>
#include <exception>

#include "http/connection.hpp"

namespace porchlight::http {

namespace asio = boost::asio;
using Event = WebSocketReader::Event;

namespace {

constexpr std::uint16_t going_away = 1001;
constexpr std::uint16_t without_code = 1005;
constexpr std::uint16_t without_farewell = 1006;

}  // namespace

std::shared_ptr<Pipe> Connection::make_pipe(std::size_t limit) {
  auto pipe = std::make_shared<Pipe>();
  pipe->limit = limit == 0 ? serving_.limits.stream_queue_bytes : limit;
  // Always through the loop, so that no callback of a stream ever runs inside a call of its user.
  pipe->wake = [loop = serving_.loop, weak = weak_from_this()] {
    asio::post(*loop, [weak] {
      if (const auto self = weak.lock()) self->take_from_pipe();
    });
  };
  return pipe;
}

// A user's fault costs its own client, not the listener.
template <class Call>
void Connection::guarded(Call call) {
  try {
    call();
  } catch (const std::exception& fault) {
    serving_.log.error("a stream's callback threw", fault);
    if (streaming_) streaming_->pipe->finish(PipeEnd::after_queue);
  }
}

void Connection::open_stream(const Response& response) {
  keep_alive_ = false;
  const bool is_socket = response.socket != nullptr;
  const auto queue_bytes = is_socket ? response.socket->queue_bytes : response.stream->queue_bytes;
  queue(response);
  if (current_->request.method == Method::head) {  // of an event stream: its head, and the end
    enter(Phase::writing, serving_.limits.write);
    return flush();
  }
  count();  // and recorded when its beginning is out
  streaming_ = std::make_unique<Streaming>();
  streaming_->pipe = make_pipe(queue_bytes);
  streaming_->pipe->queued = output_.kept();
  streaming_->events = response.stream;
  streaming_->socket = response.socket;
  if (is_socket) {
    const auto message_bytes = response.socket->message_bytes;
    streaming_->reader.emplace(message_bytes == 0 ? serving_.limits.message_bytes : message_bytes);
    serving_.instruments.websocket_opened();
  }
  enter(Phase::streaming, serving_.limits.keepalive);
  guarded([&response, pipe = streaming_->pipe] {
    if (response.socket) return response.socket->opened(WebSocket(pipe));
    response.stream->opened(Sink(pipe));
  });
  flush();
  if (phase_ != Phase::streaming) return;
  if (is_socket && !unparsed_.empty())
    return asio::post(*serving_.loop, [self = shared_from_this()] {
      if (self->phase_ == Phase::streaming) self->read_frames();
    });
  read_more();
}

void Connection::take_from_pipe() {
  if (phase_ != Phase::streaming || streaming_->ending) return;
  auto taken = streaming_->pipe->take();
  if (taken.end == PipeEnd::dropped) {
    serving_.instruments.slow_readers.increment();
    return close();
  }
  for (auto& text : taken.texts) {
    if (text.shared)
      output_.add(std::move(text.shared));
    else
      output_.add(std::move(text.own));
  }
  if (taken.end == PipeEnd::after_queue) {
    streaming_->ending = true;
    if (streaming_->socket) streaming_->close_code = going_away;
  }
  flush();
}

void Connection::on_stream_bytes(std::string_view bytes) {
  if (!streaming_->reader) return read_more();  // nothing is expected from there but its end
  unparsed_.append(bytes);
  read_frames();
}

void Connection::read_frames() {
  while (phase_ == Phase::streaming && !streaming_->ending) {
    auto step = streaming_->reader->feed(unparsed_);
    unparsed_.erase(0, step.consumed);
    if (step.event == Event::need_more && step.consumed == 0) break;
    on_frame(std::move(step));
  }
  if (phase_ != Phase::streaming) return;
  if (unparsed_.empty()) unparsed_.shrink_to_fit();
  read_more();
}

void Connection::on_frame(WebSocketReader::Step step) {
  auto& stream = *streaming_;
  switch (step.event) {
    case Event::message:
      if (stream.socket->message)
        guarded([&stream, &step] {
          stream.socket->message(WebSocket(stream.pipe),
                                 step.opcode == Opcode::text ? MessageKind::text : MessageKind::binary,
                                 std::move(step.payload));
        });
      return;
    case Event::ping:
      stream.pipe->push(websocket_frame(Opcode::pong, step.payload));
      return;
    case Event::pong:
      stream.unanswered = false;
      return;
    case Event::closed:
      return say_farewell(step.code, step.code);
    case Event::failed:
      return say_farewell(step.code, without_farewell);
    case Event::need_more:
      return;
  }
}

void Connection::say_farewell(std::uint16_t code, std::uint16_t reported) {
  take_from_pipe();  // what was sent before goes out before
  if (phase_ != Phase::streaming || streaming_->ending) return;
  streaming_->pipe->open.store(false, std::memory_order_release);
  streaming_->close_code = reported;
  streaming_->ending = true;
  auto frame = websocket_close_frame(code == without_code ? std::uint16_t{1000} : code, {});
  streaming_->pipe->queued.fetch_add(frame.size(), std::memory_order_relaxed);
  output_.add(std::move(frame));
  flush();
}

// Looks at the client once in a while: who takes nothing of what waits, or answers no ping, has left.
void Connection::keep_alive() {
  auto& stream = *streaming_;
  const bool stuck = !output_.empty() && !std::exchange(stream.moved, false);
  if (stuck) serving_.instruments.slow_readers.increment();
  if (stuck || stream.unanswered) return close();
  enter(Phase::streaming, serving_.limits.keepalive);
  if (!output_.empty() || stream.ending) return;
  stream.unanswered = stream.socket != nullptr;
  auto sign = stream.socket ? websocket_frame(Opcode::ping, {}) : stream.events->keepalive;
  stream.pipe->queued.fetch_add(sign.size(), std::memory_order_relaxed);
  output_.add(std::move(sign));
  flush();
}

void Connection::forget_stream() {
  const auto stream = std::move(streaming_);
  if (!stream) return;
  stream->pipe->open.store(false, std::memory_order_release);
  if (stream->socket) serving_.instruments.websocket_closed();
  guarded([&stream] {
    if (stream->socket && stream->socket->closed) stream->socket->closed(stream->close_code);
    if (stream->events && stream->events->closed) stream->events->closed();
  });
}

}  // namespace porchlight::http
