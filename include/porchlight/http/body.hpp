// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "porchlight/base/unique_fd.hpp"

namespace porchlight::http {

// Bytes out of an open file instead of a text: each slice with what stands before it, and an end.
struct FileBody {
  struct Slice {
    std::string before;
    std::uint64_t offset = 0;
    std::uint64_t bytes = 0;
  };
  std::shared_ptr<const UniqueFd> file;
  std::vector<Slice> slices;
  std::string after;
  std::uint64_t length() const noexcept;
};

struct Pipe;  // the way from any thread to one client; src/http/pipe.hpp

// One message, made once for all clients that get it.
using SharedFrame = std::shared_ptr<const std::string>;

// A stretch of a text that several answers share.
struct SharedSlice {
  SharedFrame text;
  std::size_t offset = 0;
  std::size_t bytes = 0;  // from there on; the text has that many
};
using SharedSlices = std::vector<SharedSlice>;

std::uint64_t length_of(const SharedSlices& slices) noexcept;  // bytes
// Of all of them one behind the other: what begins at `from`, at most so many bytes. Copies none.
SharedSlices cut(const SharedSlices& slices, std::uint64_t from, std::uint64_t bytes);
std::string joined(const SharedSlices& slices);  // a copy

// Bytes that others hold as well instead of a text of its own: they are sent without a copy (but for what
// fits into one TLS record with its head). Each text is let go when the client has it, and all of them when
// the client leaves.
struct SharedBody {
  SharedSlices slices;
  std::shared_ptr<const void> hold{};  // let go with the last slice
  // Who has not taken all of it by then is closed, however steadily it reads; 0: Limits::write alone counts.
  std::chrono::milliseconds within{0};
  // Looked at before each write on the listener's thread: true ends the answer where it is.
  std::function<bool()> is_over{};
};

// The sending end of an answer that does not end by itself. Copies share it. Any thread, also after
// the client has left or the server is gone.
class Sink {
 public:
  explicit Sink(std::shared_ptr<Pipe> pipe) : pipe_(std::move(pipe)) {}

  // False when the client has left, or is dropped now because it does not read: what waits for it
  // may have StreamBody::queue_bytes. Callbacks never come from within this call.
  bool send(std::string bytes) const;
  bool send(SharedFrame bytes) const;  // without a copy
  void close() const;                  // after what was sent
  void drop() const;                   // at once: the client does not read
  bool is_open() const noexcept;
  std::size_t waiting() const noexcept;  // bytes that are not with the kernel yet

 private:
  std::shared_ptr<Pipe> pipe_;
};

// An answer that ends when either side closes: server-sent events, a picture stream. Callbacks run
// on the listener's thread and must not wait.
struct StreamBody {
  std::function<void(Sink)> opened;  // once, when the head is on its way
  std::function<void()> closed{};    // once, if opened was called
  std::string keepalive{};           // sent while there is nothing else to send; empty: nothing
  std::size_t queue_bytes = 0;       // 0: Limits::stream_queue_bytes
};

// A binary message of these parts, one behind the other.
SharedFrame binary_frame(std::initializer_list<std::string_view> parts);

// The sending end of a WebSocket; as Sink.
class WebSocket {
 public:
  explicit WebSocket(std::shared_ptr<Pipe> pipe) : pipe_(std::move(pipe)) {}

  bool send_text(std::string_view text) const;  // UTF-8
  bool send_binary(std::string_view bytes) const;
  bool send(SharedFrame frame) const;  // without a copy
  void close(std::uint16_t code = 1000, std::string_view reason = {}) const;
  bool is_open() const noexcept;
  std::size_t waiting() const noexcept;  // bytes that are not with the kernel yet

 private:
  std::shared_ptr<Pipe> pipe_;
};

enum class MessageKind : std::uint8_t { text, binary };

struct WebSocketBody {
  std::function<void(WebSocket)> opened;
  // A whole message; text is valid UTF-8.
  std::function<void(const WebSocket&, MessageKind, std::string)> message{};
  std::function<void(std::uint16_t code)> closed{};  // 1005: without a code, 1006: without a farewell
  std::size_t queue_bytes = 0;                       // 0: Limits::stream_queue_bytes
  std::size_t message_bytes = 0;                     // 0: Limits::message_bytes
};

}  // namespace porchlight::http
