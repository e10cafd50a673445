// SPDX-License-Identifier: Apache-2.0
#include "http/pipe.hpp"

#include "http/websocket_frame.hpp"

namespace porchlight::http {

bool Sink::send(std::string bytes) const {
  return pipe_->push(std::move(bytes));
}
bool Sink::send(SharedFrame bytes) const {
  return pipe_->push(PipeText{{}, std::move(bytes)});
}
void Sink::drop() const {
  pipe_->finish(PipeEnd::dropped);
}
void Sink::close() const {
  pipe_->finish(PipeEnd::after_queue);
}
bool Sink::is_open() const noexcept {
  return pipe_->open.load(std::memory_order_acquire);
}
std::size_t Sink::waiting() const noexcept {
  return pipe_->queued.load(std::memory_order_relaxed);
}

SharedFrame binary_frame(std::initializer_list<std::string_view> parts) {
  std::size_t size = 0;
  for (const auto part : parts) size += part.size();
  auto frame = std::make_shared<std::string>(websocket_head(Opcode::binary, size));
  frame->reserve(frame->size() + size);
  for (const auto part : parts) frame->append(part);
  return frame;
}

bool WebSocket::send_text(std::string_view text) const {
  return pipe_->push(websocket_frame(Opcode::text, text));
}
bool WebSocket::send_binary(std::string_view bytes) const {
  return pipe_->push(websocket_frame(Opcode::binary, bytes));
}
bool WebSocket::send(SharedFrame frame) const {
  return pipe_->push(PipeText{{}, std::move(frame)});
}
void WebSocket::close(std::uint16_t code, std::string_view reason) const {
  if (pipe_->push(websocket_close_frame(code, reason))) pipe_->finish(PipeEnd::after_queue);
}
bool WebSocket::is_open() const noexcept {
  return pipe_->open.load(std::memory_order_acquire);
}
std::size_t WebSocket::waiting() const noexcept {
  return pipe_->queued.load(std::memory_order_relaxed);
}

std::uint64_t FileBody::length() const noexcept {
  std::uint64_t total = after.size();
  for (const auto& slice : slices) total += slice.before.size() + slice.bytes;
  return total;
}

}  // namespace porchlight::http
