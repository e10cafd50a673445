// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace porchlight::http {

// RFC 6455 §5. Knows nothing of sockets.

enum class Opcode : std::uint8_t { continuation = 0, text = 1, binary = 2, close = 8, ping = 9, pong = 10 };

// A whole message or control frame as a server sends it: final, unmasked.
std::string websocket_head(Opcode opcode, std::size_t size);  // of a payload of so many bytes
std::string websocket_frame(Opcode opcode, std::string_view payload);
std::string websocket_close_frame(std::uint16_t code, std::string_view reason);

// Sec-WebSocket-Accept for a client's key; nothing when the key is no base64 of 16 bytes.
std::optional<std::string> websocket_accept(std::string_view key);

// Puts messages together out of a client's bytes. Everything the standard forbids ends it with the
// close code that names why; it takes nothing more from then on.
class WebSocketReader {
 public:
  explicit WebSocketReader(std::size_t message_bytes) : message_limit_(message_bytes) {}

  enum class Event : std::uint8_t { need_more, message, ping, pong, closed, failed };
  struct Step {
    std::size_t consumed = 0;  // the caller keeps the rest and offers it again
    Event event = Event::need_more;
    Opcode opcode = Opcode::text;  // of a message
    std::string payload{};         // of a message, ping, pong
    std::uint16_t code = 0;        // of closed (1005: none was said) and failed
  };
  Step feed(std::string_view bytes);

 private:
  struct Head {
    bool final = false;
    Opcode opcode = Opcode::text;
    std::size_t size = 0;  // of the head
    std::uint64_t length = 0;
    std::uint32_t mask = 0;
  };
  static constexpr std::uint16_t need_more = 0;
  // A close code, or need_more; nothing when `head` is filled.
  std::optional<std::uint16_t> read_head(std::string_view bytes, Head& head) const;
  std::optional<std::uint16_t> judge(const Head& head) const;
  Step failed(std::size_t consumed, std::uint16_t code);
  Step finish_frame(std::size_t consumed);
  Step finish_control(std::size_t consumed);
  Step finish_close(std::size_t consumed);
  void take(std::string_view masked);

  const std::size_t message_limit_;
  bool in_frame_ = false;
  Head head_;
  std::uint64_t left_ = 0;  // of the frame's payload
  unsigned mask_at_ = 0;
  bool in_message_ = false;  // fragments are coming
  Opcode message_kind_ = Opcode::text;
  std::string message_;
  std::string control_;
  std::uint16_t failure_ = 0;
};

}  // namespace porchlight::http
